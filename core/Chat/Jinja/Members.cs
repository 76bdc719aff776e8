using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Attributes and elements, looked up as Jinja's immutable sandbox does: <c>a.b</c> finds a method before a key,
/// <c>a['b']</c> a key before a method, what would change a value is refused when called, and what is missing is
/// undefined.
/// </summary>
internal static class Members
{
    public static Value Attribute(Value subject, Text name)
    {
        if (subject is Undefined undefined)
        {
            throw undefined.Fault();
        }

        return OwnAttribute(subject, name.Chars)
            ?? (subject as Mapping)?.Find(name)
            ?? Undefined.Member(subject, "attribute", $"'{PythonText.Shown(name.Chars)}'");
    }

    public static Value Item(Interpreter run, Value subject, Value key)
    {
        Value? item = subject switch
        {
            Undefined undefined => throw undefined.Fault(),
            Mapping mapping => mapping.Find(key),
            Sequence sequence => Element(sequence.Items, key),
            Text text => Character(run, text, key),
            _ => null,
        };
        if (item is not null)
        {
            return item;
        }

        if (key is Text name)
        {
            return OwnAttribute(subject, name.Chars)
                ?? Undefined.Member(subject, "attribute", $"'{PythonText.Shown(name.Chars)}'");
        }

        return Undefined.Member(subject, "element", PythonText.Shown(Printing.ToText(run, key).Chars));
    }

    /// <summary>Follows dotted names and indices, as the attribute arguments of filters have them.</summary>
    public static Value Path(Interpreter run, Value subject, Value path)
    {
        if (path is not Text text)
        {
            return Item(run, subject, path);
        }

        Value value = subject;
        foreach (string part in text.Chars.Split('.'))
        {
            run.Step();
            bool isIndex = part.Length is > 0 and < 10 && !part.AsSpan().ContainsAnyExceptInRange('0', '9');
            value = Item(run, value, isIndex ? Integer.Of(BigInteger.Parse(part)) : Text.Trusted(part));
        }

        return value;
    }

    private static Value? OwnAttribute(Value subject, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            return Unsafe(subject, name);
        }

        return subject switch
        {
            Text => StringMethods.Find(name) is { } method ? new BoundMethod(subject, method) : null,
            Sequence or Mapping => CollectionMethods.Find(subject, name) is { } method
                ? new BoundMethod(subject, method)
                : Mutator(subject, name),
            Namespace names => names.Attributes.GetValueOrDefault(name),
            LoopState loop => loop.Attribute(name),
            Macro macro when name == "name" => Text.Trusted(macro.Name),
            _ => null,
        };
    }

    private static Undefined? Mutator(Value subject, string name)
    {
        bool changes = subject is Mapping
            ? name is "clear" or "pop" or "popitem" or "setdefault" or "update"
            : !((Sequence)subject).IsTuple
                && name is ("append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove");
        return changes ? Unsafe(subject, name) : null;
    }

    private static Undefined Unsafe(Value subject, string name) =>
        new($"access to attribute '{PythonText.Shown(name)}' of '{subject.TypeName}' object is unsafe");

    private static Value? Element(Value[] items, Value key)
    {
        if (Operators.Integral(key) is not { } index)
        {
            return null;
        }

        index += index.Sign < 0 ? items.Length : 0;
        return index.Sign >= 0 && index < items.Length ? items[(int)index] : null;
    }

    private static Text? Character(Interpreter run, Text text, Value key)
    {
        if (Operators.Integral(key) is not { } index)
        {
            return null;
        }

        run.Charged(text);
        if (text.IsPlain)
        {
            index += index.Sign < 0 ? text.Chars.Length : 0;
            return index.Sign >= 0 && index < text.Chars.Length ? text.Slice((int)index, 1) : null;
        }

        int[] starts = text.CharacterStarts();
        index += index.Sign < 0 ? starts.Length - 1 : 0;
        return index.Sign >= 0 && index < starts.Length - 1
            ? text.Slice(starts[(int)index], starts[(int)index + 1] - starts[(int)index])
            : null;
    }
}
