using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Filters that make a number of a value.</summary>
internal static class NumberFilters
{
    /// <summary>int: of a number towards zero, of a string as Python reads it; otherwise the default.</summary>
    public static Value ToInteger(Interpreter run, Value value, Arguments arguments)
    {
        BigInteger? number = value switch
        {
            Text text => PythonNumbers.ParseInteger(text.Chars, Math.Clamp(arguments.Integer(1, 10), 2, 36))
                ?? (PythonNumbers.ParseFloat(text.Chars) is { } parsed ? Truncate(parsed) : null),
            Float real => Truncate(real.Number),
            Undefined undefined => throw undefined.Fault(),
            _ => Operators.Integral(value),
        };
        return number is { } found ? Integer.Of(found) : arguments[0] ?? Integer.Of(0);
    }

    public static Value ToFloat(Interpreter run, Value value, Arguments arguments)
    {
        double? number = value switch
        {
            Text text => PythonNumbers.ParseFloat(text.Chars),
            Undefined undefined => throw undefined.Fault(),
            _ => Operators.Real(value),
        };
        return number is { } found ? new Float(found) : arguments[0] ?? new Float(0);
    }

    public static Value Absolute(Interpreter run, Value value, Arguments arguments) => value switch
    {
        Float real => new Float(Math.Abs(real.Number)),
        _ when Operators.Integral(value) is { } number => Integer.Of(BigInteger.Abs(number)),
        Undefined undefined => throw undefined.Fault(),
        _ => throw new RenderFault($"bad operand type for abs(): '{value.TypeName}'"),
    };

    /// <summary>
    /// round: commonly to the nearest, halves to even, so that an integer stays one; or up or down, always a float.
    /// </summary>
    public static Value Round(Interpreter run, Value value, Arguments arguments)
    {
        int places = arguments.Integer(0, 0);
        string method = arguments.Text(1)?.Chars ?? "common";
        if (Operators.Real(value) is not { } number)
        {
            throw value is Undefined undefined
                ? undefined.Fault()
                : new RenderFault($"type {value.TypeName} doesn't define __round__ method");
        }

        if (method == "common")
        {
            return value is Float
                ? new Float(PythonNumbers.Round(number, places))
                : RoundInteger(Operators.Integral(value)!.Value, places);
        }

        double scale = Math.Pow(10, places);
        return method switch
        {
            "ceil" => new Float(Math.Ceiling(number * scale) / scale),
            "floor" => new Float(Math.Floor(number * scale) / scale),
            _ => throw new RenderFault("method must be common, ceil or floor"),
        };
    }

    private static Integer RoundInteger(BigInteger number, int places)
    {
        if (places >= 0)
        {
            return Integer.Of(number);
        }

        if (-(long)places > PythonNumbers.MostDigits)
        {
            return Integer.Of(0);
        }

        BigInteger unit = BigInteger.Pow(10, -places);
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(number), unit, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(unit);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return Integer.Of(number.Sign * quotient * unit);
    }

    private static BigInteger? Truncate(double number) =>
        double.IsFinite(number) ? new BigInteger(Math.Truncate(number)) : null;
}
