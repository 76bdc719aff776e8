using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>What an expression yields. Immutable, but for <see cref="Namespace"/>.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, for errors.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python's truth of the value.</summary>
    public virtual bool IsTrue => true;
}

/// <summary>Python's None.</summary>
internal sealed class None : Value
{
    private None()
    {
    }

    public static None Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary>Python's bool.</summary>
internal sealed class Truth : Value
{
    private Truth()
    {
    }

    public static Truth True { get; } = new();

    public static Truth False { get; } = new();

    public override string TypeName => "bool";

    public override bool IsTrue => this == True;

    public static Truth Of(bool value) => value ? True : False;
}

/// <summary>Python's int, up to <see cref="Bounds.IntegerBits"/>.</summary>
internal sealed class Integer : Value
{
    private Integer(BigInteger number) => Number = number;

    public BigInteger Number { get; }

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;

    /// <exception cref="RenderFault">The number is too long.</exception>
    public static Integer Of(BigInteger number) => number.GetBitLength() <= Bounds.IntegerBits
        ? new Integer(number)
        : throw new RenderFault("an integer has more than 4300 digits");
}

/// <summary>Python's float.</summary>
internal sealed class Float(double number) : Value
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}

/// <summary>
/// What a missing variable, key or element yields: prints as nothing, iterates as empty, is false; anything else done
/// to it is a fault that says what was missing.
/// </summary>
/// <param name="complaint">What was missing.</param>
internal sealed class Undefined(string complaint) : Value
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public static Undefined Variable(string name) => new($"'{name}' is undefined");

    /// <summary>What stands for an attribute or element that <paramref name="subject"/> does not have.</summary>
    public static Undefined Member(Value subject, string kind, string name)
    {
        string owner = subject is None ? "None" : $"'{subject.TypeName} object'";
        return new Undefined($"{owner} has no {kind} {name}");
    }

    public RenderFault Fault() => new(complaint);
}

/// <summary>Python's list or tuple.</summary>
internal sealed class Sequence(Value[] items, bool isTuple = false) : Value
{
    public static Sequence Empty { get; } = new([]);

    public Value[] Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    public override string TypeName => IsTuple ? "tuple" : "list";

    public override bool IsTrue => Items.Length > 0;

    public static Sequence Tuple(params Value[] items) => new(items, isTuple: true);
}

/// <summary>Python's dict: insertion-ordered; a key keeps the characters and the provenance it came in with.</summary>
internal sealed class Mapping(OrderedDictionary<Value, Value> entries) : Value
{
    public OrderedDictionary<Value, Value> Entries { get; } = entries;

    public override string TypeName => "dict";

    public override bool IsTrue => Entries.Count > 0;

    public static OrderedDictionary<Value, Value> NewEntries(int capacity = 0) => new(capacity, KeyComparer.Instance);

    public Value? Find(Value key) => KeyComparer.IsKey(key) ? Entries.GetValueOrDefault(key) : null;
}

/// <summary>Jinja's namespace(): the one value whose attributes a template may set.</summary>
internal sealed class Namespace(Dictionary<string, Value> attributes) : Value
{
    public Dictionary<string, Value> Attributes { get; } = attributes;

    public override string TypeName => "Namespace";
}

/// <summary>What a template can call.</summary>
internal abstract class Callable : Value
{
    public abstract Value Call(Interpreter run, Arguments arguments);
}

/// <summary>
/// Equality of dict keys: numbers by value whatever their type, texts by their characters whatever their origin.
/// </summary>
internal sealed class KeyComparer : IEqualityComparer<Value>
{
    public static KeyComparer Instance { get; } = new();

    /// <summary>Tuples could be keys in Python; no template has any.</summary>
    public static bool IsKey(Value value) => value is Text or Integer or Float or Truth or None;

    public bool Equals(Value? x, Value? y) => (x, y) switch
    {
        (Text a, Text b) => a.Chars == b.Chars,
        (None, None) => true,
        (not null, not null) => Operators.Integral(x) is { } a && Operators.Integral(y) is { } b
            ? a == b
            : Operators.Real(x) is { } c && Operators.Real(y) is { } d && c == d,
        _ => ReferenceEquals(x, y),
    };

    public int GetHashCode(Value obj) => obj switch
    {
        Text text => text.Chars.GetHashCode(StringComparison.Ordinal),
        _ => Operators.Real(obj)?.GetHashCode() ?? 0,
    };
}
