using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Calls;

/// <summary>
/// Texts of arguments that read back as what was meant. Where a schema admits strings and other kinds, a text that is
/// JSON of another kind is that: see <see cref="ArgumentValue"/>.
/// </summary>
internal static class ReadBack
{
    private const string Number = "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?";

    private static readonly Lazy<CharAutomaton> s_keys =
        new(() => Matching(@"[^\s\u0000-\u001f\u0085]|[^\s\u0000-\u001f\u0085][^\u0000-\u001f]*[^\s\u0000-\u001f\u0085]"));

    /// <summary>Names of arguments: what reads them cuts white space around them.</summary>
    public static CharAutomaton Keys => s_keys.Value;

    /// <summary>
    /// Strings beside other kinds. What begins like a list or an object is given up where those are admitted.
    /// </summary>
    /// <param name="kinds">Everything that the argument may be.</param>
    public static CharAutomaton Strings(JsonKinds kinds)
    {
        var others = new List<string>();
        if ((kinds & (JsonKinds.Integer | JsonKinds.Fraction)) != JsonKinds.None)
            others.Add(Number);
        if (kinds.HasFlag(JsonKinds.Boolean))
            others.Add("true|false");
        if (kinds.HasFlag(JsonKinds.Null))
            others.Add("null");
        if (kinds.HasFlag(JsonKinds.Array))
            others.Add(@"\[[\s\S]*");
        if (kinds.HasFlag(JsonKinds.Object))
            others.Add(@"\{[\s\S]*");
        if (kinds == JsonKinds.Any)
            others.Add("\"[\\s\\S]*");
        return others.Count == 0
            ? CharAutomaton.Of(RegexNode.Anything)
            : Matching($@"[\s\u0085]*({string.Join('|', others)})[\s\u0085]*").Complement();
    }

    private static CharAutomaton Matching(string pattern) => CharAutomaton.Of(RegexParser.Parse(pattern, wholeText: true));
}
