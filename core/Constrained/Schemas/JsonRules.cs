using System.Text;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>
/// The rules that every JSON grammar shares. White space stands where people and models put it: after an opening bracket,
/// a comma and a colon, and before a closing bracket; one space, or a line end and up to 32 spaces.
/// </summary>
internal sealed class JsonRules
{
    private const int DeepestIndent = 32;
    private const string HexDigits = "0123456789abcdefABCDEF";

    private readonly GrammarBuilder _builder;
    private readonly int _space;

    public JsonRules(GrammarBuilder builder)
    {
        _builder = builder;
        _space = builder.NewRule();
        FillSpace(builder.Rules[_space]);
        Character = builder.NewRule(isCharacter: true);
        FillCharacter(builder.Rules[Character]);
        RawCharacter = builder.NewRule(isCharacter: true);
        FillRawCharacter(builder.Rules[RawCharacter]);
        Text = builder.NewRule();
        Quoted(builder.Rules[Text].First, builder.Rules[Text].Last, CountRange.Any);
    }

    /// <summary>A character of a string, escapes included.</summary>
    public int Character { get; }

    /// <summary>A character that stands as it is.</summary>
    public int RawCharacter { get; }

    /// <summary>Any string.</summary>
    public int Text { get; }

    /// <summary>White space that may be there.</summary>
    public void Space(int from, int to) => _builder.Repeat(from, _space, 0, 1, to);

    /// <summary>The state after text and white space that may follow it.</summary>
    public int Then(int from, string text)
    {
        int after = _builder.NewState();
        Space(_builder.Literal(from, Encoding.UTF8.GetBytes(text)), after);
        return after;
    }

    /// <summary>White space that may be there, then text.</summary>
    public void Close(int from, string text, int to)
    {
        int at = _builder.NewState();
        Space(from, at);
        _builder.Empty(_builder.Literal(at, Encoding.UTF8.GetBytes(text)), to);
    }

    /// <summary>A string of so many characters.</summary>
    public void Quoted(int from, int to, CountRange length)
    {
        int open = _builder.Literal(from, "\""u8), close = _builder.NewState();
        _builder.Repeat(open, Character, length.Least, length.Most ?? GrammarEdge.NoEnd, close);
        _builder.Bytes(close, (byte)'"', (byte)'"', to);
    }

    private void FillSpace(GrammarRule rule)
    {
        _builder.Bytes(rule.First, (byte)' ', (byte)' ', rule.Last);
        int at = _builder.Literal(rule.First, "\n"u8);
        _builder.Empty(at, rule.Last);
        for (int i = 0; i < DeepestIndent; i++)
        {
            at = _builder.Literal(at, " "u8);
            _builder.Empty(at, rule.Last);
        }
    }

    /// <summary>Halves of surrogate pairs come in pairs alone, so that what is written can be read as text.</summary>
    private void FillCharacter(GrammarRule rule)
    {
        foreach (CharRange range in (CharRange[])[new(' ', '!'), new('#', '['), new(']', 0xD7FF), new(0xE000, CharSet.Last)])
            TextStates.AddRange(_builder, range, rule.First, rule.Last, TextForm.Raw);
        int escape = _builder.Literal(rule.First, "\\"u8);
        foreach (char letter in "\"\\/bfnrt")
            _builder.Bytes(escape, (byte)letter, (byte)letter, rule.Last);
        int unicode = _builder.Literal(escape, "u"u8);
        Hex(unicode, rule.Last, "0123456789abcefABCEF", HexDigits, HexDigits, HexDigits);
        Hex(unicode, rule.Last, "dD", "01234567", HexDigits, HexDigits);
        int low = _builder.NewState();
        Hex(unicode, low, "dD", "89abAB", HexDigits, HexDigits);
        Hex(_builder.Literal(low, "\\u"u8), rule.Last, "dD", "cdefCDEF", HexDigits, HexDigits);
    }

    private void Hex(int from, int to, params ReadOnlySpan<string> digits)
    {
        foreach (string some in digits)
        {
            int next = _builder.NewState();
            foreach (char digit in some)
                _builder.Bytes(from, (byte)digit, (byte)digit, next);
            from = next;
        }

        _builder.Empty(from, to);
    }

    private void FillRawCharacter(GrammarRule rule)
    {
        foreach (CharRange range in CharSet.All.Ranges)
            TextStates.AddRange(_builder, range, rule.First, rule.Last, TextForm.Raw);
    }
}
