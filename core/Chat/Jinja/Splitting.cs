namespace Glm5.Core.Chat.Jinja;

/// <summary>How Python's str comes apart.</summary>
internal static class Splitting
{
    /// <summary>str.split: at a separator, or, without one, at runs of white space.</summary>
    public static Sequence Split(Interpreter run, Text text, Text? separator, int most)
    {
        int left = most < 0 ? int.MaxValue : most;
        List<Value> parts = separator is null ? AtSpace(run, text, left) : AtSeparator(run, text, separator, left);
        return new Sequence([.. parts]);
    }

    /// <summary>str.rsplit: the same from the end.</summary>
    public static Sequence SplitFromEnd(Interpreter run, Text text, Text? separator, int most)
    {
        if (most < 0)
        {
            return Split(run, text, separator, most);
        }

        List<Value> parts = separator is null
            ? AtSpaceFromEnd(run, text, most)
            : AtSeparatorFromEnd(run, text, separator, most);
        parts.Reverse();
        return new Sequence([.. parts]);
    }

    /// <summary>str.splitlines.</summary>
    public static List<Text> Lines(Interpreter run, Text text, bool keepEnds)
    {
        List<Text> lines = [];
        string chars = text.Chars;
        int start = 0;
        while (start < chars.Length)
        {
            run.Step();
            int end = start;
            while (end < chars.Length && !PythonText.IsLineBreak(chars[end]))
            {
                end++;
            }

            bool isPair = end + 1 < chars.Length && chars[end] == '\r' && chars[end + 1] == '\n';
            int next = Math.Min(end + (isPair ? 2 : 1), chars.Length);
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }

        return lines;
    }

    /// <summary>str.partition and rpartition.</summary>
    public static Sequence Partition(Interpreter run, Text text, Text separator, bool fromEnd)
    {
        Check(separator);
        run.Step(Operators.SearchCost(text, separator));
        int at = fromEnd
            ? text.Chars.LastIndexOf(separator.Chars, StringComparison.Ordinal)
            : text.Chars.IndexOf(separator.Chars, StringComparison.Ordinal);
        if (at < 0)
        {
            return fromEnd
                ? Sequence.Tuple(Text.Empty, Text.Empty, text)
                : Sequence.Tuple(text, Text.Empty, Text.Empty);
        }

        int length = separator.Chars.Length;
        return Sequence.Tuple(text.Slice(0, at), text.Slice(at, length), text.Slice(at + length));
    }

    private static List<Value> AtSeparator(Interpreter run, Text text, Text separator, int left)
    {
        Check(separator);
        run.Step(Operators.SearchCost(text, separator));
        List<Value> parts = [];
        int start = 0;
        for (; left > 0; left--)
        {
            int at = text.Chars.IndexOf(separator.Chars, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            run.Step();
            parts.Add(text.Slice(start, at - start));
            start = at + separator.Chars.Length;
        }

        parts.Add(text.Slice(start));
        return parts;
    }

    private static List<Value> AtSeparatorFromEnd(Interpreter run, Text text, Text separator, int left)
    {
        Check(separator);
        run.Step(Operators.SearchCost(text, separator));
        List<Value> parts = [];
        int end = text.Chars.Length;
        for (; left > 0; left--)
        {
            int at = text.Chars.AsSpan(0, end).LastIndexOf(separator.Chars);
            if (at < 0)
            {
                break;
            }

            run.Step();
            parts.Add(text.Slice(at + separator.Chars.Length, end - at - separator.Chars.Length));
            end = at;
        }

        parts.Add(text.Slice(0, end));
        return parts;
    }

    private static List<Value> AtSpace(Interpreter run, Text text, int left)
    {
        List<Value> parts = [];
        string chars = text.Chars;
        int at = SkipSpace(chars, 0);
        while (at < chars.Length)
        {
            run.Step();
            if (left-- == 0)
            {
                parts.Add(text.Slice(at));
                break;
            }

            int start = at;
            while (at < chars.Length && !PythonText.IsSpace(chars[at]))
            {
                at++;
            }

            parts.Add(text.Slice(start, at - start));
            at = SkipSpace(chars, at);
        }

        return parts;
    }

    private static List<Value> AtSpaceFromEnd(Interpreter run, Text text, int left)
    {
        List<Value> parts = [];
        string chars = text.Chars;
        int at = SkipSpaceBack(chars, chars.Length);
        while (at > 0)
        {
            run.Step();
            if (left-- == 0)
            {
                parts.Add(text.Slice(0, at));
                break;
            }

            int end = at;
            while (at > 0 && !PythonText.IsSpace(chars[at - 1]))
            {
                at--;
            }

            parts.Add(text.Slice(at, end - at));
            at = SkipSpaceBack(chars, at);
        }

        return parts;
    }

    private static int SkipSpace(string chars, int at)
    {
        while (at < chars.Length && PythonText.IsSpace(chars[at]))
        {
            at++;
        }

        return at;
    }

    private static int SkipSpaceBack(string chars, int at)
    {
        while (at > 0 && PythonText.IsSpace(chars[at - 1]))
        {
            at--;
        }

        return at;
    }

    private static void Check(Text separator)
    {
        if (separator.Chars.Length == 0)
        {
            throw new RenderFault("empty separator");
        }
    }
}
