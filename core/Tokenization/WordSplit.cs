namespace Glm5.Core.Tokenization;

/// <summary>
/// The split of GLM and its relatives, by hand: contractions, words with one leading character, numbers of a few
/// digits, symbols, white space. It reads runes, so letters outside of the first plane are letters, and no character
/// more than twice.
/// </summary>
/// <param name="digits">Most digits of a number in one piece.</param>
internal sealed class WordSplit(int digits) : TextSplit
{
    private const string BeforeDigits = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Digits = @"\p{N}";
    private const string AfterDigits = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Recognises the pattern of the family, which differs by the number's alternative alone.</summary>
    public static bool TryParse(string pattern, out int digits)
    {
        digits = 0;
        const string Start = BeforeDigits + Digits;
        if (pattern.Length < Start.Length + AfterDigits.Length || !pattern.StartsWith(Start, StringComparison.Ordinal)
            || !pattern.EndsWith(AfterDigits, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> count = pattern.AsSpan(Start.Length, pattern.Length - Start.Length - AfterDigits.Length);
        digits = count switch
        {
            "" => 1,
            "+" => int.MaxValue,
            ['{', '1', ',', >= '1' and <= '9' and char most, '}'] => most - '0',
            _ => 0,
        };
        return digits > 0;
    }

    public override void Split(ReadOnlySpan<byte> text, PooledInts lengths)
    {
        for (int at = 0; at < text.Length;)
        {
            int end = End(text, at);
            lengths.Add(end - at);
            at = end;
        }
    }

    /// <summary>
    /// Where the piece that starts at <paramref name="at"/> ends. The order of the tests is the pattern's.
    /// </summary>
    private int End(ReadOnlySpan<byte> text, int at)
    {
        RuneClass first = RuneClasses.At(text, at, out int length);
        int next = at + length;
        switch (first)
        {
            case RuneClass.Letter:
                return AfterRun(text, next, RuneClass.Letter);
            case RuneClass.Number:
                return AfterNumber(text, next);
        }

        if (text[at] == '\'' && Contraction(text[next..]) is var contraction and > 0)
            return next + contraction;

        RuneClass second = next < text.Length ? RuneClasses.At(text, next, out _) : RuneClass.LineEnd;
        if (first != RuneClass.LineEnd && second == RuneClass.Letter)
            return AfterRun(text, next, RuneClass.Letter);
        if (first == RuneClass.Other || (text[at] == ' ' && second == RuneClass.Other))
            return AfterRun(text, AfterRun(text, next, RuneClass.Other), RuneClass.LineEnd);
        return AfterSpace(text, at);
    }

    private static int AfterRun(ReadOnlySpan<byte> text, int at, RuneClass of)
    {
        while (at < text.Length && RuneClasses.At(text, at, out int length) == of)
            at += length;
        return at;
    }

    private int AfterNumber(ReadOnlySpan<byte> text, int at)
    {
        for (int count = 1; count < digits && at < text.Length; count++)
        {
            if (RuneClasses.At(text, at, out int length) != RuneClass.Number)
                break;
            at += length;
        }

        return at;
    }

    /// <summary>Bytes of what follows the apostrophe of a contraction; 0 when it is none.</summary>
    private static int Contraction(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return 0;

        // The long s is an s where case does not count.
        if (text.StartsWith("ſ"u8))
            return 2;

        int second = text.Length > 1 ? text[1] | 0x20 : 0;
        return (text[0] | 0x20) switch
        {
            's' or 't' or 'm' or 'd' => 1,
            'r' or 'v' when second == 'e' => 2,
            'l' when second == 'l' => 2,
            _ => 0,
        };
    }

    /// <summary>
    /// White space up to its last line end; without one, all of it at the end of the text, elsewhere all but the last
    /// character, which belongs to the word that follows.
    /// </summary>
    private static int AfterSpace(ReadOnlySpan<byte> text, int at)
    {
        int afterLineEnd = at;
        int last = at;
        int end = at;
        while (end < text.Length)
        {
            RuneClass found = RuneClasses.At(text, end, out int length);
            if (found is not (RuneClass.Space or RuneClass.LineEnd))
                break;
            last = end;
            end += length;
            if (found == RuneClass.LineEnd)
                afterLineEnd = end;
        }

        if (afterLineEnd > at)
            return afterLineEnd;
        return end == text.Length || last == at ? end : last;
    }
}
