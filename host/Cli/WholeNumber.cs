using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Glm5.Host.Cli;

/// <summary>
/// Options that take a whole number within bounds, and say the bounds when they are given something else.
/// </summary>
internal static class WholeNumber
{
    /// <summary>Such an option, for numbers that fit an <see cref="int"/>.</summary>
    public static Option<int> Option(
        string name, string description, int least, int most, int standard, params string[] aliases) =>
        Option<int>(name, description, least, most, standard, aliases);

    /// <summary>
    /// An option that means <paramref name="standard"/> when it is left out. A standard of 0 is not shown: the
    /// description says what it means.
    /// </summary>
    public static Option<T> Option<T>(
        string name, string description, T least, T most, T standard, params string[] aliases)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var option = new Option<T>(name, aliases)
        {
            Description = description,
            HelpName = "n",
            CustomParser = result => Parse(result, name, least, most),
        };
        if (standard != T.Zero)
            option.DefaultValueFactory = _ => standard;
        return option;
    }

    private static T Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        string word = result.Tokens[0].Value;
        if (Read<T>(word) is { } value && value >= least && value <= most)
            return value;

        string bounds = most == T.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
        result.AddError($"{name} is '{word}'; expected a whole number {bounds}");
        return default;
    }

    /// <summary>A number, perhaps in thousands (<c>200k</c>, m, g) or in units of 1024 (<c>128K</c>, M, G), as vLLM has it.</summary>
    private static T? Read<T>(string word)
        where T : struct, IBinaryInteger<T>
    {
        int thousands = word.Length > 1 ? "kmg".IndexOf(char.ToLowerInvariant(word[^1]), StringComparison.Ordinal) + 1 : 0;
        ReadOnlySpan<char> digits = thousands > 0 ? word.AsSpan(0, word.Length - 1) : word;
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            return null;
        Int128 value = number;
        for (int i = 0; i < thousands; i++)
            value *= char.IsUpper(word[^1]) ? 1024 : 1000;
        return T.CreateSaturating(value) is var fitting && Int128.CreateChecked(fitting) == value ? fitting : null;
    }
}
