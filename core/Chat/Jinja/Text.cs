using System.Text;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Python's str that knows which of its characters a client wrote. Characters of the template's own literals are
/// trusted; whatever is made of both keeps both, and in doubt a character counts as the client's.
/// </summary>
internal sealed class Text : Value
{
    private readonly TextSpan[] _fromClient;

    private Text(string chars, TextSpan[] fromClient)
    {
        Chars = chars;
        _fromClient = fromClient;
    }

    public static Text Empty { get; } = new("", []);

    public string Chars { get; }

    /// <summary>Ascending, disjoint, not adjacent, none of them empty; in UTF-16 code units.</summary>
    public ReadOnlySpan<TextSpan> FromClient => _fromClient;

    public override string TypeName => "str";

    public override bool IsTrue => Chars.Length > 0;

    /// <summary>Whether a character is a code unit throughout, so that Python's positions are ours.</summary>
    public bool IsPlain => !Chars.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    public static Text Trusted(string chars) => chars.Length == 0 ? Empty : new Text(chars, []);

    public static Text Client(string chars) =>
        chars.Length == 0 ? Empty : new Text(chars, [new TextSpan(0, chars.Length)]);

    /// <param name="chars">The characters.</param>
    /// <param name="fromClient">As <see cref="FromClient"/> demands; kept, not copied.</param>
    public static Text Mixed(string chars, TextSpan[] fromClient) =>
        chars.Length == 0 ? Empty : new Text(chars, fromClient);

    public bool IsFromClient(int index)
    {
        int span = FirstSpanEndingAfter(index);
        return span < _fromClient.Length && _fromClient[span].Start <= index;
    }

    public Text Slice(int start, int length)
    {
        if (length == Chars.Length)
        {
            return this;
        }

        if (length == 0)
        {
            return Empty;
        }

        int end = start + length;
        int first = FirstSpanEndingAfter(start);
        int after = first;
        while (after < _fromClient.Length && _fromClient[after].Start < end)
        {
            after++;
        }

        TextSpan[] spans = _fromClient[first..after];
        for (int i = 0; i < spans.Length; i++)
        {
            int from = Math.Max(spans[i].Start, start);
            spans[i] = new TextSpan(from - start, Math.Min(spans[i].End, end) - from);
        }

        return new Text(Chars.Substring(start, length), spans);
    }

    public Text Slice(int start) => Slice(start, Chars.Length - start);

    /// <summary>The same places with other characters, as a change of case makes them.</summary>
    public Text WithChars(string sameLength) => new(sameLength, _fromClient);

    /// <summary>Characters as Python counts them: code points.</summary>
    public int CountCharacters()
    {
        int count = Chars.Length;
        for (int i = 1; i < Chars.Length; i++)
        {
            if (char.IsLowSurrogate(Chars[i]) && char.IsHighSurrogate(Chars[i - 1]))
            {
                count--;
            }
        }

        return count;
    }

    /// <summary>Where each character starts, and after the last entry where the text ends.</summary>
    public int[] CharacterStarts()
    {
        int[] starts = new int[CountCharacters() + 1];
        int at = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = at;
            at += at + 1 < Chars.Length && char.IsSurrogatePair(Chars[at], Chars[at + 1]) ? 2 : 1;
        }

        return starts;
    }

    /// <summary>Its characters, each a text.</summary>
    public Text[] Characters()
    {
        int[] starts = CharacterStarts();
        Text[] characters = new Text[starts.Length - 1];
        for (int i = 0; i < characters.Length; i++)
        {
            characters[i] = Slice(starts[i], starts[i + 1] - starts[i]);
        }

        return characters;
    }

    /// <summary>
    /// The index in <see cref="FromClient"/> of the first span that reaches beyond a place; the count of spans if
    /// none does.
    /// </summary>
    public int FirstSpanEndingAfter(int index)
    {
        int low = 0;
        int high = _fromClient.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_fromClient[middle].End > index)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}

/// <summary>Puts a <see cref="Text"/> together; merges the client's spans where they touch.</summary>
/// <param name="longest">The bound on the text's length.</param>
internal sealed class TextBuilder(int longest)
{
    private readonly StringBuilder _chars = new();
    private readonly List<TextSpan> _fromClient = [];

    public int Length => _chars.Length;

    public void Append(Text text) => Append(text, 0, text.Chars.Length);

    /// <summary>Appends a part of a text, with what is known of its origin.</summary>
    public void Append(Text text, int start, int length)
    {
        if (length == 0)
        {
            return;
        }

        int end = start + length;
        ReadOnlySpan<TextSpan> spans = text.FromClient;
        for (int i = text.FirstSpanEndingAfter(start); i < spans.Length && spans[i].Start < end; i++)
        {
            int from = Math.Max(spans[i].Start, start);
            Mark(_chars.Length + from - start, Math.Min(spans[i].End, end) - from);
        }

        AppendChars(text.Chars.AsSpan(start, length));
    }

    /// <summary>Appends what stands for one character of another text: its escape, for instance.</summary>
    public void AppendFor(Text origin, int index, ReadOnlySpan<char> chars)
    {
        if (origin.IsFromClient(index))
        {
            AppendClient(chars);
        }
        else
        {
            AppendChars(chars);
        }
    }

    /// <summary>Appends characters that a client wrote, or of which that cannot be excluded.</summary>
    public void AppendClient(ReadOnlySpan<char> chars)
    {
        Mark(_chars.Length, chars.Length);
        AppendChars(chars);
    }

    public Text ToText() => Text.Mixed(_chars.ToString(), [.. _fromClient]);

    private void AppendChars(ReadOnlySpan<char> chars)
    {
        if (chars.Length > longest - _chars.Length)
        {
            throw new RenderFault($"its text grew beyond the bound of {longest} characters");
        }

        _chars.Append(chars);
    }

    private void Mark(int start, int length)
    {
        if (length == 0)
        {
            return;
        }

        if (_fromClient.Count > 0 && _fromClient[^1].End == start)
        {
            _fromClient[^1] = new TextSpan(_fromClient[^1].Start, _fromClient[^1].Length + length);
        }
        else
        {
            _fromClient.Add(new TextSpan(start, length));
        }
    }
}
