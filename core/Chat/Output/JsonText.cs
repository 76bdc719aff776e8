using System.Text;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// Text inside of JSON strings. Only what must be escaped is, character by character, so that a string may be written
/// in stretches cut anywhere.
/// </summary>
internal static class JsonText
{
    public static string Quote(string text) => new StringBuilder("\"").AppendEscaped(text).Append('"').ToString();

    public static StringBuilder AppendEscaped(this StringBuilder into, string text)
    {
        foreach (char character in text)
        {
            _ = character switch
            {
                '"' => into.Append("\\\""),
                '\\' => into.Append(@"\\"),
                '\n' => into.Append(@"\n"),
                '\r' => into.Append(@"\r"),
                '\t' => into.Append(@"\t"),
                < ' ' => into.Append(@"\u").Append(((int)character).ToString("x4")),
                _ => into.Append(character),
            };
        }

        return into;
    }
}
