using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Glm5.Host.Cli;

/// <summary>An option that takes a size in GiB, with a fraction if need be, and gives bytes.</summary>
internal static class GibSize
{
    private const double Gib = 1L << 30, Most = 1 << 20;

    /// <summary>Such an option; 0 bytes when it is left out.</summary>
    public static Option<long> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "GiB",
        CustomParser = result => Parse(result, name),
    };

    private static long Parse(ArgumentResult result, string name)
    {
        string word = result.Tokens[0].Value;
        if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double size)
            && size is >= 0 and <= Most)
        {
            return (long)(size * Gib);
        }

        result.AddError($"{name} is '{word}'; expected a size in GiB, such as 64 or 0.5");
        return default;
    }
}
