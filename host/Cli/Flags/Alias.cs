namespace Glm5.Host.Cli.Flags;

/// <summary>How many words a flag takes.</summary>
internal enum Takes
{
    /// <summary>None, or <c>true</c> or <c>false</c>.</summary>
    Switch,

    /// <summary>One.</summary>
    Value,

    /// <summary>One or more in a row.</summary>
    Values,

    /// <summary>One, and the flag may be repeated for more: ours, so that the model may stand behind it.</summary>
    Repeated,
}

/// <summary>What a flag of another engine means here.</summary>
/// <param name="Takes">How many words it takes there.</param>
/// <param name="Spellings">All names of it, with dashes for underscores.</param>
internal abstract record Alias(Takes Takes, params string[] Spellings)
{
    /// <summary>The same in a line of the documentation.</summary>
    public abstract string Here { get; }

    /// <summary>The meaning of a value; a switch is <c>true</c> or <c>false</c>.</summary>
    public abstract Meaning Read(string value);
}

/// <summary>What one value of a flag means; exactly one of the three is set, and perhaps a remark.</summary>
/// <param name="Flag">Our flag with the same meaning.</param>
/// <param name="Value">Its value.</param>
/// <param name="NoEffect">Why the flag changes nothing here.</param>
/// <param name="Expected">What would be accepted instead.</param>
/// <param name="Remark">Told at start although the flag has an effect.</param>
internal readonly record struct Meaning(
    string? Flag = null, string? Value = null, string? NoEffect = null, string? Expected = null, string? Remark = null);

/// <summary>The same meaning under one of our names.</summary>
/// <param name="Flag">Our name.</param>
/// <param name="Map">Their value in our terms, null where it has no counterpart; without it they are the same.</param>
/// <param name="Expected">What <paramref name="Map"/> accepts, in words.</param>
/// <param name="Remark">What differs, told at start.</param>
internal sealed record SameAlias(
    Takes Takes, string Flag, string[] Spellings, Func<string, string?>? Map = null, string Expected = "",
    string? Remark = null) : Alias(Takes, Spellings)
{
    /// <inheritdoc/>
    public override string Here
    {
        get
        {
            string name = Flag == Given.Model ? "the model" : $"`{Flag}`";
            string more = Remark ?? Expected;
            return more.Length > 0 ? $"{name}; {more}" : name;
        }
    }

    /// <inheritdoc/>
    public override Meaning Read(string value) => Map is null
        ? new Meaning(Flag, value, Remark: Remark)
        : Map(value) is { } mapped ? new Meaning(Flag, mapped, Remark: Remark) : new Meaning(Expected: Expected);
}

/// <summary>Accepted, and nothing changes.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Accepted">The values for which that is true; empty for every one.</param>
internal sealed record IdleAlias(Takes Takes, string Reason, string[] Spellings, params string[] Accepted)
    : Alias(Takes, Spellings)
{
    /// <inheritdoc/>
    public override string Here => Accepted.Length == 0
        ? $"no effect: {Reason}"
        : $"only {string.Join(", ", Accepted.Select(value => $"`{value}`"))}: {Reason}";

    /// <inheritdoc/>
    public override Meaning Read(string value) =>
        Accepted.Length == 0 || Accepted.Contains(value, StringComparer.OrdinalIgnoreCase)
            ? new Meaning(NoEffect: Reason)
            : new Meaning(Expected: $"{Listed()}: {Reason}");

    private string Listed() =>
        Accepted.Length == 1 ? Accepted[0] : $"{string.Join(", ", Accepted[..^1])} or {Accepted[^1]}";
}

/// <summary>Something that does not exist here, and whose absence would be felt: refused unless switched off.</summary>
/// <param name="Instead">What to do.</param>
internal sealed record AbsentAlias(Takes Takes, string Instead, string[] Spellings) : Alias(Takes, Spellings)
{
    /// <inheritdoc/>
    public override string Here => $"refused: {Instead}";

    /// <inheritdoc/>
    public override Meaning Read(string value) => Takes == Takes.Switch && value == "false"
        ? new Meaning(NoEffect: "it does not exist here")
        : new Meaning(Expected: $"nothing: {Instead}");
}
