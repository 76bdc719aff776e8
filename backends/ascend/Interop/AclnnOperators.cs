namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// First phases of the bound operators: each takes the operator's parameters and gives the bytes of workspace and an
/// executor. The second phase is the same for all, <see cref="Run"/>.
/// </summary>
internal sealed unsafe partial class AclnnOperators(AclnnTable table)
{
    private readonly AclnnTable _table = table;

    /// <summary>Why an operator cannot be called; null when it can.</summary>
    public string? Missing(AclnnOp op) => _table.Missing(op);

    /// <summary>
    /// The second phase: gives the operator to a stream. The executor is used up unless it is repeatable.
    /// </summary>
    public int Run(AclnnOp op, void* workspace, ulong workspaceSize, AclOpExecutor* executor, nint stream) =>
        ((delegate* unmanaged<void*, ulong, AclOpExecutor*, nint, int>)_table.RunEntry(op))(
            workspace, workspaceSize, executor, stream);
}
