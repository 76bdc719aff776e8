using System.Collections.Frozen;
using System.Text;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// The methods of Python's str. What they cut, join or replace keeps its origin.
/// Case changes character by character: an ß has no upper case, where Python writes SS.
/// </summary>
internal static class StringMethods
{
    private static readonly FrozenDictionary<string, Operation> s_methods = OperationTable.Of(
        new("strip", 0, ["chars"], static (_, s, a) => Strip((Text)s, a.Text(0), start: true, end: true)),
        new("lstrip", 0, ["chars"], static (_, s, a) => Strip((Text)s, a.Text(0), start: true, end: false)),
        new("rstrip", 0, ["chars"], static (_, s, a) => Strip((Text)s, a.Text(0), start: false, end: true)),
        new("split", 0, ["sep", "maxsplit"], static (run, s, a) =>
            Splitting.Split(run, (Text)s, a.Text(0), a.Integer(1, -1))),
        new("rsplit", 0, ["sep", "maxsplit"], static (run, s, a) =>
            Splitting.SplitFromEnd(run, (Text)s, a.Text(0), a.Integer(1, -1))),
        new("splitlines", 0, ["keepends"], static (run, s, a) =>
            new Sequence([.. Splitting.Lines(run, (Text)s, a.Flag(0, false))])),
        new("partition", 1, ["sep"], static (run, s, a) =>
            Splitting.Partition(run, (Text)s, a.RequiredText(0), fromEnd: false)),
        new("rpartition", 1, ["sep"], static (run, s, a) =>
            Splitting.Partition(run, (Text)s, a.RequiredText(0), fromEnd: true)),
        new("startswith", 1, ["prefix", "start", "end"], static (run, s, a) => HasAffix(run, s, a, atEnd: false)),
        new("endswith", 1, ["suffix", "start", "end"], static (run, s, a) => HasAffix(run, s, a, atEnd: true)),
        new("removeprefix", 1, ["prefix"], static (_, s, a) => RemovePrefix((Text)s, a.RequiredText(0).Chars)),
        new("removesuffix", 1, ["suffix"], static (_, s, a) => RemoveSuffix((Text)s, a.RequiredText(0).Chars)),
        new("replace", 2, ["old", "new", "count"], static (run, s, a) =>
            Replace(run, (Text)s, a.RequiredText(0), a.RequiredText(1), a.Integer(2, -1))),
        new("join", 1, ["iterable"], static (run, s, a) => Join(run, (Text)s, a.Required(0))),
        new("find", 1, ["sub", "start", "end"], static (run, s, a) => Integer.Of(Find(run, s, a, fromEnd: false))),
        new("rfind", 1, ["sub", "start", "end"], static (run, s, a) => Integer.Of(Find(run, s, a, fromEnd: true))),
        new("index", 1, ["sub", "start", "end"], static (run, s, a) =>
            Integer.Of(Found(Find(run, s, a, fromEnd: false)))),
        new("rindex", 1, ["sub", "start", "end"], static (run, s, a) =>
            Integer.Of(Found(Find(run, s, a, fromEnd: true)))),
        new("count", 1, ["sub", "start", "end"], static (run, s, a) => Integer.Of(Count(run, s, a))),
        new("upper", 0, [], static (_, s, _) => ((Text)s).WithChars(((Text)s).Chars.ToUpperInvariant())),
        new("lower", 0, [], static (_, s, _) => ((Text)s).WithChars(((Text)s).Chars.ToLowerInvariant())),
        new("title", 0, [], static (_, s, _) => Title((Text)s)),
        new("capitalize", 0, [], static (_, s, _) => Capitalize((Text)s)),
        new("zfill", 1, ["width"], static (run, s, a) => ZeroFill(run, (Text)s, a.Integer(0, 0))),
        new("isdigit", 0, [], static (_, s, _) => All((Text)s, Rune.IsDigit)),
        new("isalpha", 0, [], static (_, s, _) => All((Text)s, Rune.IsLetter)),
        new("isalnum", 0, [], static (_, s, _) => All((Text)s, static r => Rune.IsLetter(r) || Rune.IsNumber(r))),
        new("isspace", 0, [], static (_, s, _) =>
            All((Text)s, static r => r.IsBmp && PythonText.IsSpace((char)r.Value))),
        new("isupper", 0, [], static (_, s, _) => IsCased((Text)s, Rune.IsUpper, Rune.IsLower)),
        new("islower", 0, [], static (_, s, _) => IsCased((Text)s, Rune.IsLower, Rune.IsUpper)));

    public static Operation? Find(string name) => s_methods.GetValueOrDefault(name);

    /// <summary>Without white space, or the given characters, at the ends that are asked for.</summary>
    public static Text Strip(Text text, Text? characters, bool start, bool end)
    {
        string chars = text.Chars;
        int from = 0;
        int to = chars.Length;
        while (start && from < to && IsStripped(chars, from, characters, out int length))
        {
            from += length;
        }

        while (end && to > from)
        {
            int at = to - 1;
            at -= at > from && char.IsSurrogatePair(chars[at - 1], chars[at]) ? 1 : 0;
            if (!IsStripped(chars, at, characters, out _))
            {
                break;
            }

            to = at;
        }

        return text.Slice(from, to - from);
    }

    /// <summary>
    /// Puts other text where one is found, at most <paramref name="count"/> times; a negative count means always.
    /// </summary>
    public static Text Replace(Interpreter run, Text text, Text old, Text replacement, int count)
    {
        run.Step(Operators.SearchCost(text, old));
        TextBuilder replaced = run.NewText();
        int kept = 0;
        int left = count < 0 ? int.MaxValue : count;
        for (int at = NextMatch(text, old, 0); at >= 0 && left > 0; left--)
        {
            run.Step();
            replaced.Append(text, kept, at - kept);
            replaced.Append(replacement);
            kept = at + old.Chars.Length;
            int next = old.Chars.Length > 0 ? kept : AfterCharacter(text, at);
            at = next > text.Chars.Length ? -1 : NextMatch(text, old, next);
        }

        replaced.Append(text, kept, text.Chars.Length - kept);
        return run.Charged(replaced.ToText());
    }

    public static Text Join(Interpreter run, Text separator, Value parts)
    {
        TextBuilder joined = run.NewText();
        Value[] items = Iteration.Items(run, parts);
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i] is not Text part)
            {
                throw new RenderFault($"sequence item {i}: expected str instance, {items[i].TypeName} found");
            }

            joined.Append(i == 0 ? Text.Empty : separator);
            joined.Append(part);
        }

        return run.Charged(joined.ToText());
    }

    public static Text Capitalize(Text text)
    {
        string lower = text.Chars.ToLowerInvariant();
        int first = text.Chars.Length > 1 && char.IsSurrogatePair(text.Chars, 0) ? 2 : Math.Min(1, lower.Length);
        return text.WithChars(string.Concat(lower[..first].ToUpperInvariant(), lower.AsSpan(first)));
    }

    private static int NextMatch(Text text, Text part, int from) =>
        text.Chars.IndexOf(part.Chars, from, StringComparison.Ordinal);

    private static int AfterCharacter(Text text, int at) =>
        at + (at + 1 < text.Chars.Length && char.IsSurrogatePair(text.Chars, at) ? 2 : 1);

    private static bool IsStripped(string chars, int at, Text? characters, out int length)
    {
        length = at + 1 < chars.Length && char.IsSurrogatePair(chars[at], chars[at + 1]) ? 2 : 1;
        return characters is null
            ? PythonText.IsSpace(chars[at])
            : characters.Chars.AsSpan().IndexOf(chars.AsSpan(at, length)) >= 0;
    }

    private static Truth HasAffix(Interpreter run, Value subject, Arguments arguments, bool atEnd)
    {
        Text text = Part((Text)subject, arguments[1], arguments[2], run);
        Value[] affixes = arguments.Required(0) is Sequence { IsTuple: true } tuple
            ? tuple.Items
            : [arguments.RequiredText(0)];
        foreach (Value value in affixes)
        {
            run.Step();
            string affix = value is Text t
                ? t.Chars
                : throw new RenderFault($"expected a string or a tuple of strings, not '{value.TypeName}'");
            if (atEnd
                ? text.Chars.EndsWith(affix, StringComparison.Ordinal)
                : text.Chars.StartsWith(affix, StringComparison.Ordinal))
            {
                return Truth.True;
            }
        }

        return Truth.False;
    }

    private static Text RemovePrefix(Text text, string prefix) =>
        text.Chars.StartsWith(prefix, StringComparison.Ordinal) ? text.Slice(prefix.Length) : text;

    private static Text RemoveSuffix(Text text, string suffix) =>
        text.Chars.EndsWith(suffix, StringComparison.Ordinal) ? text.Slice(0, text.Chars.Length - suffix.Length) : text;

    private static int Find(Interpreter run, Value subject, Arguments arguments, bool fromEnd)
    {
        Text whole = (Text)subject;
        Text part = Part(whole, arguments[1], arguments[2], run);
        Text sought = arguments.RequiredText(0);
        run.Step(Operators.SearchCost(part, sought));
        int at = fromEnd
            ? part.Chars.LastIndexOf(sought.Chars, StringComparison.Ordinal)
            : part.Chars.IndexOf(sought.Chars, StringComparison.Ordinal);
        return at < 0 ? -1 : part.Slice(0, at).CountCharacters() + SkippedCharacters(whole, arguments[1]);
    }

    private static int SkippedCharacters(Text whole, Value? start)
    {
        if (start is null or None)
        {
            return 0;
        }

        int length = whole.CountCharacters();
        int index = new Arguments([start], []).Integer(0, 0);
        return Math.Clamp(index < 0 ? index + length : index, 0, length);
    }

    private static int Found(int index) => index >= 0 ? index : throw new RenderFault("substring not found");

    private static int Count(Interpreter run, Value subject, Arguments arguments)
    {
        Text text = Part((Text)subject, arguments[1], arguments[2], run);
        Text sought = arguments.RequiredText(0);
        run.Step(Operators.SearchCost(text, sought));
        if (sought.Chars.Length == 0)
        {
            return text.CountCharacters() + 1;
        }

        int count = 0;
        for (int at = NextMatch(text, sought, 0); at >= 0; at = NextMatch(text, sought, at + sought.Chars.Length))
        {
            count++;
        }

        return count;
    }

    private static Text Part(Text text, Value? start, Value? end, Interpreter run) => start is null && end is null
        ? text
        : (Text)Slices.Take(run, text, start ?? None.Instance, end ?? None.Instance, None.Instance);

    /// <summary>str.title: a letter after no letter is upper case.</summary>
    private static Text Title(Text text)
    {
        StringBuilder titled = new(text.Chars.Length);
        bool afterLetter = false;
        int length;
        for (int at = 0; at < text.Chars.Length; at += length)
        {
            Rune.DecodeFromUtf16(text.Chars.AsSpan(at), out Rune rune, out length);
            string character = text.Chars.Substring(at, length);
            titled.Append(afterLetter ? character.ToLowerInvariant() : character.ToUpperInvariant());
            afterLetter = Rune.IsLetter(rune);
        }

        return text.WithChars(titled.ToString());
    }

    private static Text ZeroFill(Interpreter run, Text text, int width)
    {
        int missing = width - text.CountCharacters();
        if (missing <= 0)
        {
            return text;
        }

        int sign = text.Chars.Length > 0 && text.Chars[0] is '+' or '-' ? 1 : 0;
        TextBuilder filled = run.NewText();
        filled.Append(text, 0, sign);
        for (int i = 0; i < missing; i++)
        {
            run.Step();
            filled.AppendClient("0");
        }

        filled.Append(text, sign, text.Chars.Length - sign);
        return filled.ToText();
    }

    private static Truth All(Text text, Predicate<Rune> holds)
    {
        foreach (Rune rune in text.Chars.EnumerateRunes())
        {
            if (!holds(rune))
            {
                return Truth.False;
            }
        }

        return Truth.Of(text.Chars.Length > 0);
    }

    private static Truth IsCased(Text text, Predicate<Rune> wanted, Predicate<Rune> other)
    {
        bool any = false;
        foreach (Rune rune in text.Chars.EnumerateRunes())
        {
            if (other(rune))
            {
                return Truth.False;
            }

            any |= wanted(rune);
        }

        return Truth.Of(any);
    }
}
