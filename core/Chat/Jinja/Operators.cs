using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Python's operators.</summary>
internal static class Operators
{
    /// <summary>An int's or bool's number; null for anything else.</summary>
    public static BigInteger? Integral(Value value) => value switch
    {
        Integer integer => integer.Number,
        Truth truth => truth.IsTrue ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    /// <summary>A number as a float; null for what is no number.</summary>
    public static double? Real(Value value) => value switch
    {
        Float number => number.Number,
        _ => (double?)Integral(value),
    };

    public static Value Negate(Value value) => value switch
    {
        Float number => new Float(-number.Number),
        Undefined undefined => throw undefined.Fault(),
        _ when Integral(value) is { } number => Integer.Of(-number),
        _ => throw new RenderFault($"bad operand type for unary -: '{value.TypeName}'"),
    };

    public static Value Apply(Interpreter run, string symbol, Value left, Value right)
    {
        if (left is Text format && symbol == "%")
        {
            return Formatting.Apply(run, format, right is Sequence { IsTuple: true } tuple
                ? new Arguments(tuple.Items, [])
                : new Arguments([right], []));
        }

        if (Integral(left) is { } a && Integral(right) is { } b)
        {
            return OfIntegers(symbol, a, b);
        }

        if (Real(left) is { } x && Real(right) is { } y)
        {
            return new Float(OfFloats(symbol, x, y));
        }

        Undefined? missing = left as Undefined ?? right as Undefined;
        return missing is not null
            ? throw missing.Fault()
            : OfSequences(run, symbol, left, right) ?? throw new RenderFault(
                $"unsupported operand type(s) for {symbol}: '{left.TypeName}' and '{right.TypeName}'");
    }

    public static bool Compare(Interpreter run, string symbol, Value left, Value right) => symbol switch
    {
        "==" => AreEqual(run, left, right),
        "!=" => !AreEqual(run, left, right),
        "in" => Contains(run, right, left),
        "not in" => !Contains(run, right, left),
        "<" => Order(run, symbol, left, right) is < 0,
        "<=" => Order(run, symbol, left, right) is <= 0,
        ">" => Order(run, symbol, left, right) is > 0,
        _ => Order(run, symbol, left, right) is >= 0,
    };

    public static bool AreEqual(Interpreter run, Value left, Value right)
    {
        run.Enter();
        bool equal = (left, right) switch
        {
            (Text a, Text b) => run.Charged(a).Chars == b.Chars,
            (Sequence a, Sequence b) => a.IsTuple == b.IsTuple && AreEqual(run, a.Items, b.Items),
            (Mapping a, Mapping b) => AreEqual(run, a, b),
            (Undefined, Undefined) => true,
            _ => KeyComparer.Instance.Equals(left, right) || ReferenceEquals(left, right),
        };
        run.Leave();
        return equal;
    }

    /// <summary>Negative, zero, positive; null when one of them is not a number.</summary>
    /// <exception cref="RenderFault">The values have no order.</exception>
    public static int? Order(Interpreter run, string symbol, Value left, Value right)
    {
        if (Integral(left) is { } a && Integral(right) is { } b)
        {
            return a.CompareTo(b);
        }

        if (Real(left) is { } x && Real(right) is { } y)
        {
            return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        }

        Undefined? missing = left as Undefined ?? right as Undefined;
        return (left, right) switch
        {
            (Text s, Text t) => PythonText.Compare(run.Charged(s).Chars, t.Chars),
            (Sequence s, Sequence t) when s.IsTuple == t.IsTuple => OrderItems(run, symbol, s.Items, t.Items),
            _ when missing is not null => throw missing.Fault(),
            _ => throw new RenderFault(
                $"'{symbol}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'"),
        };
    }

    public static bool Contains(Interpreter run, Value container, Value item)
    {
        switch (container)
        {
            case Text text when item is Text part:
                run.Step(SearchCost(text, part));
                return text.Chars.Contains(part.Chars, StringComparison.Ordinal);
            case Mapping mapping:
                return item is Sequence or Mapping
                    ? throw new RenderFault($"unhashable type: '{item.TypeName}'")
                    : mapping.Find(item) is not null;
            case Sequence sequence:
                return IndexOf(run, sequence.Items, item) >= 0;
            case Undefined:
                return false;
            case Text:
                throw new RenderFault($"'in <string>' requires string as left operand, not {item.TypeName}");
            default:
                throw new RenderFault($"argument of type '{container.TypeName}' is not iterable");
        }
    }

    public static int IndexOf(Interpreter run, Value[] items, Value item)
    {
        int index = 0;
        while (index < items.Length && !AreEqual(run, items[index], item))
        {
            index++;
        }

        return index < items.Length ? index : -1;
    }

    /// <summary>Steps that a search may take at worst: both texts can be the client's.</summary>
    public static long SearchCost(Text text, Text part) =>
        (long)Math.Max(text.Chars.Length - part.Chars.Length, 0) * (1 + (part.Chars.Length / Bounds.CharactersPerStep))
        / Bounds.CharactersPerStep;

    private static Value OfIntegers(string symbol, BigInteger a, BigInteger b)
    {
        switch (symbol)
        {
            case "+":
                return Integer.Of(a + b);
            case "-":
                return Integer.Of(a - b);
            case "*":
                return Integer.Of(a * b);
            case "**":
                return Power(a, b);
        }

        if (b.IsZero)
        {
            throw new RenderFault("division by zero");
        }

        if (symbol == "/")
        {
            return new Float((double)a / (double)b);
        }

        BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger remainder);
        bool rounds = !remainder.IsZero && remainder.Sign != b.Sign;
        return Integer.Of(symbol == "//"
            ? (rounds ? quotient - 1 : quotient)
            : (rounds ? remainder + b : remainder));
    }

    private static Value Power(BigInteger number, BigInteger exponent)
    {
        if (exponent.Sign < 0)
        {
            return new Float(OfFloats("**", (double)number, (double)exponent));
        }

        BigInteger magnitude = BigInteger.Abs(number);
        if (magnitude > 1 && (magnitude.GetBitLength() - 1) * exponent > Bounds.IntegerBits)
        {
            throw new RenderFault("an integer has more than 4300 digits");
        }

        return Integer.Of(magnitude > 1 ? BigInteger.Pow(number, (int)exponent)
            : exponent.IsZero ? 1
            : exponent.IsEven ? magnitude : number);
    }

    private static double OfFloats(string symbol, double x, double y)
    {
        if (y == 0 && symbol is ("/" or "//" or "%"))
        {
            throw new RenderFault("float division by zero");
        }

        switch (symbol)
        {
            case "+":
                return x + y;
            case "-":
                return x - y;
            case "*":
                return x * y;
            case "/":
                return x / y;
            case "**":
                double power = Math.Pow(x, y);
                return (x == 0 && y < 0) || (double.IsNaN(power) && !double.IsNaN(x + y))
                    ? throw new RenderFault("a power is no finite real number")
                    : power;
        }

        double remainder = x % y;
        double modulo = remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
        return symbol == "%" ? modulo : Math.Floor(((x - modulo) / y) + 0.5);
    }

    private static Value? OfSequences(Interpreter run, string symbol, Value left, Value right)
    {
        switch (symbol, left, right)
        {
            case ("+", Text a, Text b):
                TextBuilder joined = run.NewText();
                joined.Append(a);
                joined.Append(b);
                return run.Charged(joined.ToText());
            case ("+", Sequence a, Sequence b) when a.IsTuple == b.IsTuple:
                run.Step((long)a.Items.Length + b.Items.Length);
                return new Sequence([.. a.Items, .. b.Items], a.IsTuple);
            case ("*", Text or Sequence, _) when Integral(right) is { } count:
                return Repeat(run, left, count);
            case ("*", _, Text or Sequence) when Integral(left) is { } count:
                return Repeat(run, right, count);
            default:
                return null;
        }
    }

    private static Value Repeat(Interpreter run, Value value, BigInteger count)
    {
        BigInteger times = BigInteger.Max(count, 0);
        int length = value is Text t ? t.Chars.Length : ((Sequence)value).Items.Length;
        run.Step((long)BigInteger.Min(times * length, long.MaxValue >> 1));
        int repeats = length == 0 ? 0 : (int)times;
        if (value is Text text)
        {
            TextBuilder repeated = run.NewText();
            for (int i = 0; i < repeats; i++)
            {
                repeated.Append(text);
            }

            return repeated.ToText();
        }

        List<Value> items = new(repeats * length);
        for (int i = 0; i < repeats; i++)
        {
            items.AddRange(((Sequence)value).Items);
        }

        return new Sequence([.. items], ((Sequence)value).IsTuple);
    }

    private static bool AreEqual(Interpreter run, Value[] left, Value[] right)
    {
        bool equal = left.Length == right.Length;
        for (int i = 0; equal && i < left.Length; i++)
        {
            equal = AreEqual(run, left[i], right[i]);
        }

        return equal;
    }

    private static bool AreEqual(Interpreter run, Mapping left, Mapping right)
    {
        bool equal = left.Entries.Count == right.Entries.Count;
        foreach ((Value key, Value value) in left.Entries)
        {
            equal = equal && right.Find(key) is { } other && AreEqual(run, value, other);
        }

        return equal;
    }

    private static int? OrderItems(Interpreter run, string symbol, Value[] left, Value[] right)
    {
        int shorter = Math.Min(left.Length, right.Length);
        for (int i = 0; i < shorter; i++)
        {
            if (!AreEqual(run, left[i], right[i]))
            {
                run.Enter();
                int? order = Order(run, symbol, left[i], right[i]);
                run.Leave();
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}
