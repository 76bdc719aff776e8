namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// A template's text as Jinja reads it: every line break is one line feed, and a last one is dropped.
/// </summary>
internal sealed class TemplateSource
{
    public TemplateSource(string text, string name)
    {
        string lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Text = lines.EndsWith('\n') ? lines[..^1] : lines;
        Name = name;
    }

    public string Text { get; }

    public string Name { get; }

    /// <summary>A complaint about a place, which it names by line and column, both counted from 1.</summary>
    public ChatTemplateException Complaint(string message, int offset)
    {
        ReadOnlySpan<char> before = Text.AsSpan(0, Math.Min(offset, Text.Length));
        int line = before.Count('\n') + 1;
        int column = before.Length - before.LastIndexOf('\n');
        return new ChatTemplateException($"{Name}, line {line}, column {column}: {message}");
    }
}
