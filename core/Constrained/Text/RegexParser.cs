using System.Globalization;
using System.Text;

namespace Glm5.Core.Constrained.Text;

/// <summary>
/// Reads a regular expression in ECMAScript's syntax, as far as it describes a regular language: characters, classes,
/// groups, alternatives, counts. Lazy counts describe the same texts as greedy ones. Refused by name: look-around,
/// back references, word boundaries, Unicode properties, flags, and anchors elsewhere than at an alternative's ends
/// outside of groups.
/// </summary>
internal sealed class RegexParser
{
    private const int MostCount = 10_000;

    private readonly string _pattern;
    private int _at;
    private int _depth;

    private RegexParser(string pattern) => _pattern = pattern;

    private bool IsAtEnd => _at == _pattern.Length;

    /// <summary>Reads an expression.</summary>
    /// <param name="pattern">Its text.</param>
    /// <param name="wholeText">True when it describes the whole text; false when it may match anywhere in the text unless
    /// it is anchored, as in a JSON schema.</param>
    /// <exception cref="GrammarException">It is not well formed, or uses what is refused; the pointer is the
    /// offset.</exception>
    public static RegexNode Parse(string pattern, bool wholeText)
    {
        var parser = new RegexParser(pattern);
        var alternatives = new List<RegexNode>();
        do
        {
            alternatives.Add(parser.Anchored(wholeText));
        }
        while (parser.TryTake('|'));

        return parser.IsAtEnd ? new RegexNode.Choice(alternatives) : throw parser.Wrong("a ')' without its '('");
    }

    private RegexNode.Sequence Anchored(bool wholeText)
    {
        bool begins = TryTake('^');
        RegexNode body = Sequence();
        bool ends = TryTake('$');
        if (ends && !IsAtEnd && _pattern[_at] is not ('|' or ')'))
            throw Wrong("a '$' that is not at the end of an alternative, which is not implemented");
        return new RegexNode.Sequence(
        [
            begins || wholeText ? RegexNode.Nothing : RegexNode.Anything, body,
            ends || wholeText ? RegexNode.Nothing : RegexNode.Anything,
        ]);
    }

    private RegexNode Alternatives()
    {
        if (++_depth > GrammarBounds.PatternDepth)
            throw Wrong($"groups nested more than {GrammarBounds.PatternDepth} deep");
        var alternatives = new List<RegexNode> { Sequence() };
        while (TryTake('|'))
            alternatives.Add(Sequence());
        _depth--;
        return alternatives.Count == 1 ? alternatives[0] : new RegexNode.Choice(alternatives);
    }

    private RegexNode.Sequence Sequence()
    {
        var parts = new List<RegexNode>();
        while (!IsAtEnd && _pattern[_at] is not ('|' or ')') && !(_pattern[_at] == '$' && _depth == 0))
            parts.Add(Counted(Atom()));
        return new RegexNode.Sequence(parts);
    }

    private RegexNode Atom()
    {
        char first = _pattern[_at];
        switch (first)
        {
            case '(':
                return Group();
            case '[':
                _at++;
                return new RegexNode.Chars(RegexClasses.Read(_pattern, ref _at));
            case '.':
                _at++;
                return new RegexNode.Chars(RegexClasses.NoLineEnd);
            case '\\':
                return new RegexNode.Chars(RegexClasses.ReadEscape(_pattern, ref _at, inClass: false));
            case '^' or '$':
                throw Wrong($"a '{first}' that is not at an alternative's end outside of groups, which is not implemented");
            case '*' or '+' or '?':
                throw Wrong($"a '{first}' with nothing before it");
            default:
                Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out Rune rune, out int length);
                _at += length;
                return new RegexNode.Chars(CharSet.Of(rune.Value));
        }
    }

    private RegexNode Group()
    {
        int began = _at++;
        if (TryTake('?'))
            SkipGroupKind();
        RegexNode inside = Alternatives();
        if (TryTake(')'))
            return inside;
        _at = began;
        throw Wrong("a '(' without its ')'");
    }

    private void SkipGroupKind()
    {
        int close = _at + 1 < _pattern.Length && _pattern[_at] == '<' && _pattern[_at + 1] is not ('=' or '!')
            ? _pattern.IndexOf('>', _at)
            : -1;
        if (close > 0)
            _at = close + 1;
        else if (!TryTake(':'))
            throw Wrong("look-around, flags or another special group, which is not implemented; '(...)' and '(?:...)' are");
    }

    private RegexNode Counted(RegexNode part)
    {
        if (IsAtEnd || !TryReadCount(out int least, out int? most))
            return part;
        if (most < least)
            throw Wrong($"a count from {least} to {most}");
        TryTake('?');
        return IsAtEnd || _pattern[_at] is not ('*' or '+' or '?')
            ? new RegexNode.Repeat(part, least, most)
            : throw Wrong("a count of a count, which is not implemented; put the first in a group");
    }

    private bool TryReadCount(out int least, out int? most)
    {
        (least, most) = (0, null);
        switch (_pattern[_at])
        {
            case '*':
                _at++;
                return true;
            case '+':
                _at++;
                least = 1;
                return true;
            case '?':
                _at++;
                most = 1;
                return true;
            case '{':
                return TryReadBraces(out least, out most);
            default:
                return false;
        }
    }

    /// <summary>A brace that is no count stands for itself.</summary>
    private bool TryReadBraces(out int least, out int? most)
    {
        (least, most) = (0, null);
        int close = _pattern.IndexOf('}', _at);
        if (close < 0)
            return false;
        string[] bounds = _pattern[(_at + 1)..close].Split(',');
        if (bounds.Length > 2 || !IsNumber(bounds[0]) || (bounds.Length == 2 && bounds[1] != "" && !IsNumber(bounds[1])))
            return false;
        least = Number(bounds[0]);
        most = bounds.Length == 1 ? least : bounds[1].Length == 0 ? null : Number(bounds[1]);
        _at = close + 1;
        return true;
    }

    private static bool IsNumber(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;

    private int Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= MostCount
            ? number
            : throw Wrong($"a count above {MostCount}, which is not implemented");

    private bool TryTake(char character)
    {
        if (IsAtEnd || _pattern[_at] != character)
            return false;
        _at++;
        return true;
    }

    private GrammarException Wrong(string what) => new($"{_at}", $"the pattern has {what} (at offset {_at})");
}
