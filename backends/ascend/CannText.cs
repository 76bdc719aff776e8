using System.Text;
using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>Texts that CANN hands out: zero-terminated, sometimes of many lines.</summary>
internal static unsafe class CannText
{
    private const int LongestMessage = 2000;

    /// <summary>What CANN says of the calling thread's last failure, on one line. Reading it takes it away.</summary>
    public static string Recent(AclRuntime runtime)
    {
        string message = Of(runtime.GetRecentErrMsg());
        return message.Length > 0 ? message : "no message";
    }

    /// <summary>A zero-terminated text on one line; empty for null.</summary>
    public static string Of(byte* text)
    {
        if (text == null)
            return "";
        int length = 0;
        while (length < LongestMessage && text[length] != 0)
            length++;
        return OneLine(Encoding.UTF8.GetString(text, length));
    }

    /// <summary>The text in a fixed buffer.</summary>
    public static string Of(ReadOnlySpan<byte> buffer)
    {
        int end = buffer.IndexOf((byte)0);
        return OneLine(Encoding.UTF8.GetString(end < 0 ? buffer : buffer[..end]));
    }

    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            bool space = char.IsWhiteSpace(c) || char.IsControl(c);
            if (!space)
                line.Append(c);
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().TrimEnd();
    }
}
