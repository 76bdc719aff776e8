namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// Entry points of both phases of every bound operator, each resolved on its own: one that this CANN lacks is a reason
/// to compose, not a failure.
/// </summary>
internal sealed class AclnnTable
{
    /// <summary>
    /// Operators whose parameters differ before a version; the headers' current form is what is bound.
    /// </summary>
    private static readonly (AclnnOp Op, int Major, int Minor, string Why)[] s_breaks =
    [
        (AclnnOp.MlaPrologV3WeightNz, 8, 5, "it had one parameter more before CANN 8.5"),
    ];

    private readonly nint[] _size, _run;
    private readonly string?[] _missing;

    /// <summary>Looks every operator up.</summary>
    public AclnnTable(CannLibrary operators, CannVersion version)
    {
        AclnnOp[] all = Enum.GetValues<AclnnOp>();
        (_size, _run, _missing) = (new nint[all.Length], new nint[all.Length], new string?[all.Length]);
        foreach (AclnnOp op in all)
        {
            _size[(int)op] = operators.Find($"aclnn{op}GetWorkspaceSize");
            _run[(int)op] = operators.Find($"aclnn{op}");
            if (_size[(int)op] == 0 || _run[(int)op] == 0)
                _missing[(int)op] = operators.Refusal ?? $"CANN {version} has no aclnn{op}";
        }

        foreach ((AclnnOp op, int major, int minor, string why) in s_breaks)
        {
            if (!version.IsAtLeast(major, minor))
                _missing[(int)op] ??= $"aclnn{op} is not called on CANN {version}: {why}";
        }
    }

    /// <summary>Why an operator cannot be called; null when it can.</summary>
    public string? Missing(AclnnOp op) => _missing[(int)op];

    /// <summary>Address of the first phase.</summary>
    public nint SizeEntry(AclnnOp op) => _missing[(int)op] is { } reason ? throw new CannException(reason) : _size[(int)op];

    /// <summary>Address of the second phase: workspace, its bytes, executor, stream.</summary>
    public nint RunEntry(AclnnOp op) => _run[(int)op];
}
