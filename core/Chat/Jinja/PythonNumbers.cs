using System.Globalization;
using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Numbers as Python writes, reads and rounds them.</summary>
internal static class PythonNumbers
{
    /// <summary>Decimal digits that an integer may have when it is read; Python's own bound.</summary>
    public const int MostDigits = 4300;

    /// <summary>
    /// repr of a float: the shortest digits that read back the same, with an exponent from 1e16 and below 1e-4.
    /// </summary>
    public static string Representation(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        // The runtime finds the same shortest digits, but changes to an exponent elsewhere and writes it otherwise.
        string shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        int e = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = e < 0 ? shortest : shortest[..e];
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(shortest.AsSpan(e + 1), CultureInfo.InvariantCulture);
        int point = (dot < 0 ? mantissa.Length : dot) + exponent;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits[leading..].TrimEnd('0');
        string sign = double.IsNegative(number) ? "-" : "";
        return sign + (digits.Length == 0 ? "0.0" : Place(digits, point - leading));
    }

    /// <summary>
    /// int of a string: a sign, digits, underscores between them, white space around; null where Python refuses.
    /// </summary>
    public static BigInteger? ParseInteger(string text, int numberBase)
    {
        string digits = Trim(text).Replace("_", "", StringComparison.Ordinal);
        bool negative = digits.StartsWith('-');
        digits = digits.StartsWith('-') || digits.StartsWith('+') ? digits[1..] : digits;
        if (digits.Length is 0 or > MostDigits)
        {
            return null;
        }

        BigInteger number = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : int.MaxValue;
            if (digit >= numberBase)
            {
                return null;
            }

            number = (number * numberBase) + digit;
        }

        return negative ? -number : number;
    }

    /// <summary>float of a string; null where Python refuses.</summary>
    public static double? ParseFloat(string text)
    {
        const NumberStyles Style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        string trimmed = Trim(text);
        if (double.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out double number)
            && (char.IsAsciiDigit(trimmed[^1]) || trimmed[^1] == '.'))
        {
            return number;
        }

        string name = trimmed.TrimStart('+', '-').ToLowerInvariant();
        double? named = name switch
        {
            "inf" or "infinity" => double.PositiveInfinity,
            "nan" => double.NaN,
            _ => null,
        };
        return trimmed.StartsWith('-') ? -named : named;
    }

    /// <summary>round of a float: to the even neighbour of its exact value.</summary>
    public static double Round(double number, int places)
    {
        if (!double.IsFinite(number) || places > 330)
        {
            return number;
        }

        if (places < -330)
        {
            return 0;
        }

        (BigInteger numerator, BigInteger denominator) = Fraction(number);
        BigInteger power = BigInteger.Pow(10, Math.Abs(places));
        BigInteger rounded = places >= 0
            ? DivideToEven(numerator * power, denominator)
            : DivideToEven(numerator, denominator * power);
        double result = double.Parse($"{rounded}E{-places}", CultureInfo.InvariantCulture);
        return result == 0 && double.IsNegative(number) ? -0.0 : result;
    }

    private static string Place(string digits, int point)
    {
        if (point is > 16 or < -3)
        {
            string fraction = digits.Length == 1 ? "" : $".{digits[1..]}";
            int exponent = point - 1;
            return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        return point <= 0 ? $"0.{new string('0', -point)}{digits}"
            : digits.Length <= point ? $"{digits.PadRight(point, '0')}.0"
            : $"{digits[..point]}.{digits[point..]}";
    }

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number);
        int exponent = (int)((bits >> 52) & 0x7ff);
        long mantissa = bits & 0xf_ffff_ffff_ffff;
        mantissa |= exponent == 0 ? 0 : 1L << 52;
        int shift = Math.Max(exponent, 1) - 1075;
        BigInteger signed = bits < 0 ? -mantissa : mantissa;
        return shift >= 0 ? (signed << shift, 1) : (signed, BigInteger.One << -shift);
    }

    private static BigInteger DivideToEven(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(numerator), denominator, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(denominator);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return numerator.Sign < 0 ? -quotient : quotient;
    }

    private static string Trim(string text)
    {
        int start = 0;
        int end = text.Length;
        while (start < end && PythonText.IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && PythonText.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }
}
