using System.Globalization;

namespace Glm5.Core.Constrained.Text;

/// <summary>One end of a range of numbers.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsExcluded">True when the number itself is outside.</param>
internal readonly record struct NumberBound(decimal Value, bool IsExcluded);

/// <summary>
/// Numbers in JSON as texts: whole, with fractions, within bounds, multiples. With bounds, no exponents are written.
/// </summary>
internal static class NumberForms
{
    private static readonly RegexNode s_digits = Parse("[0-9]*");
    private static readonly RegexNode s_fraction = Parse("([.][0-9]+)?");
    private static readonly RegexNode s_minus = RegexNode.Literal("-");
    private static readonly RegexNode s_unsigned = Parse("(0|[1-9][0-9]*)([.][0-9]+)?");
    private static readonly RegexNode s_whole = Parse("0|-?[1-9][0-9]*");
    private static readonly RegexNode s_decimal = Parse("-?(0|[1-9][0-9]*)([.][0-9]+)?");
    private static readonly RegexNode s_number = Parse("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?");

    /// <summary>Numbers with all of some properties.</summary>
    /// <param name="isWhole">Whole ones alone.</param>
    /// <param name="least">Not below this.</param>
    /// <param name="most">Not above this.</param>
    /// <param name="divisors">Whole multiples of these.</param>
    public static CharAutomaton Of(bool isWhole, NumberBound? least, NumberBound? most, IEnumerable<int> divisors)
    {
        bool isBounded = least is not null || most is not null;
        var automaton = CharAutomaton.Of(isWhole ? s_whole : isBounded ? s_decimal : s_number);
        if (least is { } low)
            automaton = automaton.And(CharAutomaton.Of(AtLeast(low)));
        if (most is { } high)
            automaton = automaton.And(CharAutomaton.Of(AtMost(high)));
        foreach (int divisor in divisors)
            automaton = automaton.And(MultiplesOf(divisor));
        return automaton;
    }

    private static RegexNode.Choice AtLeast(NumberBound bound)
    {
        if (bound.Value > 0 || bound is { Value: 0, IsExcluded: true })
            return UnsignedAtLeast(bound);
        return new RegexNode.Choice(
            [s_unsigned, Sequence(s_minus, UnsignedAtMost(bound with { Value = -bound.Value }))]);
    }

    private static RegexNode AtMost(NumberBound bound)
    {
        if (bound.Value < 0 || bound is { Value: 0, IsExcluded: true })
            return Sequence(s_minus, UnsignedAtLeast(bound with { Value = -bound.Value }));
        return new RegexNode.Choice([Sequence(s_minus, s_unsigned), UnsignedAtMost(bound)]);
    }

    private static RegexNode.Choice UnsignedAtLeast(NumberBound bound)
    {
        (string whole, string fraction) = Parts(bound.Value);
        var choices = new List<RegexNode>();

        // More digits, or a greater digit after the same ones.
        choices.Add(Sequence(Digit('1', '9'), Digits(whole.Length, null), s_fraction));
        for (int i = 0; i < whole.Length; i++)
        {
            int left = whole.Length - i - 1;
            choices.Add(Sequence(
                RegexNode.Literal(whole[..i]), Digit((char)(whole[i] + 1), '9'), Digits(left, left), s_fraction));
        }

        RegexNode same = RegexNode.Literal(whole);
        RegexNode beyond = bound.IsExcluded ? Parse("0*[1-9][0-9]*") : s_digits;
        if (fraction.Length == 0)
        {
            choices.Add(bound.IsExcluded ? Sequence(same, RegexNode.Literal("."), beyond) : Sequence(same, s_fraction));
            return new RegexNode.Choice(choices);
        }

        same = Sequence(same, RegexNode.Literal("."));
        for (int i = 0; i < fraction.Length; i++)
        {
            choices.Add(Sequence(
                same, RegexNode.Literal(fraction[..i]), Digit((char)(fraction[i] + 1), '9'), s_digits));
        }

        choices.Add(Sequence(same, RegexNode.Literal(fraction), beyond));
        return new RegexNode.Choice(choices);
    }

    private static RegexNode.Choice UnsignedAtMost(NumberBound bound)
    {
        (string whole, string fraction) = Parts(bound.Value);
        var choices = new List<RegexNode>();
        if (whole.Length > 1)
        {
            choices.Add(Sequence(RegexNode.Literal("0"), s_fraction));
            choices.Add(Sequence(Digit('1', '9'), Digits(0, whole.Length - 2), s_fraction));
        }

        for (int i = 0; i < whole.Length; i++)
        {
            char lowest = i == 0 && whole.Length > 1 ? '1' : '0';
            int left = whole.Length - i - 1;
            choices.Add(Sequence(
                RegexNode.Literal(whole[..i]), Digit(lowest, (char)(whole[i] - 1)), Digits(left, left), s_fraction));
        }

        RegexNode same = RegexNode.Literal(whole);
        if (fraction.Length == 0)
        {
            if (!bound.IsExcluded)
                choices.Add(Sequence(same, Parse("([.]0+)?")));
            return new RegexNode.Choice(choices);
        }

        // Shorter fractions are smaller: the bound's own ends in another digit than 0.
        choices.Add(same);
        same = Sequence(same, RegexNode.Literal("."));
        for (int i = 0; i < fraction.Length; i++)
        {
            RegexNode shared = Sequence(same, RegexNode.Literal(fraction[..i]));
            if (i > 0)
                choices.Add(shared);
            choices.Add(Sequence(shared, Digit('0', (char)(fraction[i] - 1)), s_digits));
        }

        if (!bound.IsExcluded)
            choices.Add(Sequence(same, RegexNode.Literal(fraction), Parse("0*")));
        return new RegexNode.Choice(choices);
    }

    /// <summary>Whole numbers by the remainder of what was read.</summary>
    private static CharAutomaton MultiplesOf(int divisor)
    {
        var builder = new CharAutomaton.Builder();
        int first = builder.NewState(isEnd: false);
        for (int remainder = 0; remainder < divisor; remainder++)
            builder.NewState(isEnd: remainder == 0);
        builder.Add(first, new CharEdge(new CharRange('-', '-'), first));
        for (int digit = 0; digit <= 9; digit++)
        {
            var range = new CharRange('0' + digit, '0' + digit);
            builder.Add(first, new CharEdge(range, 1 + (digit % divisor)));
            for (int remainder = 0; remainder < divisor; remainder++)
                builder.Add(1 + remainder, new CharEdge(range, 1 + (((remainder * 10) + digit) % divisor)));
        }

        return builder.Build();
    }

    private static (string Whole, string Fraction) Parts(decimal value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? (text, "") : (text[..point], text[(point + 1)..].TrimEnd('0'));
    }

    /// <summary>No text at all when the range is empty.</summary>
    private static RegexNode.Chars Digit(char low, char high) => new(CharSet.Of([new CharRange(low, high)]));

    private static RegexNode.Repeat Digits(int least, int? most) => new(Digit('0', '9'), least, most);

    private static RegexNode.Sequence Sequence(params RegexNode[] parts) => new(parts);

    private static RegexNode Parse(string pattern) => RegexParser.Parse(pattern, wholeText: true);
}
