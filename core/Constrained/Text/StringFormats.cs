using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Glm5.Core.Constrained.Text;

/// <summary>
/// The formats of strings that answers are held to. JSON Schema leaves it open whether a format is checked; others than
/// these are not. The 29th of February is never written: whether it exists depends on the year.
/// </summary>
internal static class StringFormats
{
    private const string Date =
        "([0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31))";

    private const string Time =
        "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";

    private const string Octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Atom = "[A-Za-z0-9_+-]+";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";

    private static readonly FrozenDictionary<string, Lazy<CharAutomaton>> s_known =
        new Dictionary<string, Lazy<CharAutomaton>>
        {
            ["date"] = Whole(Date),
            ["time"] = Whole(Time),
            ["date-time"] = Whole($"{Date}T{Time}"),
            ["uuid"] = Whole("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            ["ipv4"] = Whole($"{Octet}([.]{Octet}){{3}}"),
            ["email"] = Whole($"{Atom}([.]{Atom})*@{Label}([.]{Label})+"),
        }.ToFrozenDictionary();

    public static bool TryGet(string format, [NotNullWhen(true)] out CharAutomaton? automaton)
    {
        automaton = s_known.TryGetValue(format, out Lazy<CharAutomaton>? known) ? known.Value : null;
        return automaton is not null;
    }

    private static Lazy<CharAutomaton> Whole(string pattern) =>
        new(() => CharAutomaton.Of(RegexParser.Parse(pattern, wholeText: true)));
}
