using System.Globalization;

namespace Glm5.Backends.Ascend.Interop;

/// <summary>A version of CANN: <c>8.1.RC1</c> is 8.1, <c>9.0.0-beta.1</c> is 9.0.</summary>
/// <param name="Major">0 when nothing says a version.</param>
/// <param name="Minor">Behind the first dot.</param>
/// <param name="Text">As it was found.</param>
internal readonly record struct CannVersion(int Major, int Minor, string Text)
{
    /// <summary>Nothing says a version: only what every version has is used.</summary>
    public static CannVersion Unknown { get; } = new(0, 0, "unknown");

    /// <summary>True for this version or a later one.</summary>
    public bool IsAtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    /// <summary>Reads the first "number.number" of a text; <see cref="Unknown"/> when it has none.</summary>
    public static CannVersion Parse(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i]) || (i > 0 && (char.IsAsciiLetterOrDigit(text[i - 1]) || text[i - 1] == '.')))
                continue;
            ReadOnlySpan<char> word = Word(text[i..]);
            int dot = word.IndexOf('.');
            if (dot > 0 && Number(word[..dot]) is int major && Number(word[(dot + 1)..]) is int minor)
                return new CannVersion(major, minor, word.ToString());
        }

        return Unknown;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static ReadOnlySpan<char> Word(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '-'))
            end++;
        return text[..end];
    }

    private static int? Number(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return end > 0 && int.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;
    }
}
