using System.CommandLine;

namespace Glm5.Host.Cli.Flags;

/// <summary>What a spelling names: one of our own flags, or one of another engine's.</summary>
/// <param name="Takes">How many words it takes.</param>
/// <param name="Own">Our flag's name; null for another engine's.</param>
/// <param name="Alias">The other engine's flag.</param>
/// <param name="Negated">The spelling switches it off: <c>--no-enable-x</c>.</param>
internal readonly record struct Known(Takes Takes, string? Own, Alias? Alias, bool Negated = false)
{
    /// <summary>True when it can have several values.</summary>
    public bool IsList => Takes is Takes.Values or Takes.Repeated;
}

/// <summary>Every spelling that a command understands.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly List<string> _spellings = [];

    /// <summary>A command's own flags, and the aliases of those that it has.</summary>
    public Vocabulary(Command command)
    {
        foreach (Option option in command.Options)
        {
            foreach (string name in (IEnumerable<string>)[option.Name, .. option.Aliases])
                Add(name, new Known(TakesOf(option), option.Name, null));
        }

        foreach (Alias alias in Aliases.All)
        {
            if (alias is SameAlias { Flag: var flag } && flag != Given.Model && !_known.ContainsKey(flag))
                continue;
            foreach (string spelling in alias.Spellings)
                Add(spelling, new Known(alias.Takes, null, alias));
        }
    }

    /// <summary>What a spelling names; null for nothing. Underscores count as dashes.</summary>
    public Known? Find(string spelling)
    {
        string key = Key(spelling);
        if (_known.TryGetValue(key, out Known known))
            return known;
        if (FindNegated(key) is { } negated)
            return negated;

        // A field of an object that is without effect as a whole, --compilation-config.mode.
        int dot = key.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _known.TryGetValue(key[..dot], out known) && known.Alias is IdleAlias ? known : null;
    }

    /// <summary>The spelling that somebody may have meant; null when none is near.</summary>
    public string? Nearest(string spelling) => EditDistance.Nearest(Key(spelling), _spellings);

    /// <summary>A spelling as it is looked up.</summary>
    public static string Key(string spelling) => spelling.Replace('_', '-');

    private void Add(string spelling, Known known)
    {
        // Our own meaning of a spelling prevails.
        if (_known.TryAdd(spelling, known))
            _spellings.Add(spelling);
    }

    /// <summary><c>--no-x</c> and gflags' <c>--nox</c> for a switch x of another engine.</summary>
    private Known? FindNegated(string key)
    {
        if (!key.StartsWith("--no", StringComparison.Ordinal))
            return null;
        string rest = key.AsSpan(4).TrimStart('-').ToString();
        return _known.TryGetValue($"--{rest}", out Known known) && known is { Takes: Takes.Switch, Alias: not null }
            ? known with { Negated = true }
            : null;
    }

    private static Takes TakesOf(Option option) =>
        option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0
            ? Takes.Switch
            : option.ValueType.IsArray ? Takes.Repeated : Takes.Value;
}
