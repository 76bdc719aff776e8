using System.Globalization;

namespace Glm5.Core.Simulation;

/// <summary>How many tokens made-up prompts or answers have: one number, or evenly from a range.</summary>
/// <param name="Least">The shortest.</param>
/// <param name="Most">The longest.</param>
public readonly record struct LengthRange(int Least, int Most)
{
    private const int Longest = 1 << 24;

    /// <summary>The mean.</summary>
    public double Mean => (Least + (double)Most) / 2;

    /// <summary>The length for a number in [0, 1).</summary>
    public int At(double unit) => Least + (int)(unit * (Most - Least + 1.0));

    /// <summary>Reads <c>1000</c> or <c>200..1800</c>; null for anything else.</summary>
    public static LengthRange? Parse(string word)
    {
        int dots = word.IndexOf("..", StringComparison.Ordinal);
        string least = dots < 0 ? word : word[..dots], most = dots < 0 ? word : word[(dots + 2)..];
        return Number(least) is { } from && Number(most) is { } to && from >= 1 && to >= from
            ? new LengthRange(from, to)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Least == Most
        ? Least.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Least}..{Most}");

    private static int? Number(string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= Longest
            ? number
            : null;
}
