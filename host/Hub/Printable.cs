using System.Globalization;
using System.Text;

namespace Glm5.Host.Hub;

/// <summary>Words for people: foreign text made harmless for a terminal, and amounts in units.</summary>
internal static class Printable
{
    private const int Longest = 120;

    /// <summary>Text from elsewhere, with everything but visible ASCII as an escape, cut where it is long.</summary>
    public static string Text(string foreign)
    {
        StringBuilder text = new();
        foreach (char c in foreign.AsSpan(0, Math.Min(foreign.Length, Longest)))
        {
            if (c is >= ' ' and < '\x7f')
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return foreign.Length > Longest ? text.Append("...").ToString() : text.ToString();
    }

    /// <summary>Bytes in the unit that suits them: <c>756.20 GB</c>, <c>20.4 MB</c>, <c>512 bytes</c>.</summary>
    public static string Bytes(long bytes) => Math.Abs(bytes) switch
    {
        >= 1_000_000_000 => $"{bytes / 1e9:F2} GB",
        >= 1_000_000 => $"{bytes / 1e6:F1} MB",
        >= 10_000 => $"{bytes / 1e3:F0} kB",
        _ => $"{bytes} bytes",
    };

    /// <summary>A span of time: <c>2 h 05 min</c>, <c>3 min 20 s</c>, <c>7 s</c>.</summary>
    public static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        >= 3600 => $"{(int)time.TotalHours} h {time.Minutes:D2} min",
        >= 60 => $"{(int)time.TotalMinutes} min {time.Seconds:D2} s",
        _ => $"{Math.Ceiling(time.TotalSeconds):F0} s",
    };

    /// <summary>The first few of many names, and how many there are.</summary>
    public static string Some(IReadOnlyList<string> names) =>
        names.Count <= 3 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more";
}
