using System.Text;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// Where a conversation is written: thinking dimmed, answers plain. Control characters of the model are left out, so
/// that no answer can move the cursor, set a title or send keys.
/// </summary>
internal sealed class ChatScreen(IAnsiConsole console)
{
    private const string Dim = "\e[2m";
    private const string Plain = "\e[0m";

    private readonly TextWriter _writer = console.Profile.Out.Writer;
    private readonly bool _styled = console.Profile.Capabilities.Ansi;
    private bool _thinking;
    private bool _atLineStart = true;

    /// <summary>Asks for the next line.</summary>
    public void Prompt(bool more) => Write(_styled ? $"\e[1;36m{(more ? "." : ">")}{Plain} " : more ? ". " : "> ");

    /// <summary>The reader's own line ended here.</summary>
    public void LineWasRead() => _atLineStart = true;

    /// <summary>A piece of the thinking.</summary>
    public void Reasoning(string text)
    {
        if (!_thinking && _styled)
            Write(Dim);
        _thinking = true;
        Write(Harmless(text));
    }

    /// <summary>A piece of the answer.</summary>
    public void Content(string text)
    {
        EndReasoning();
        Write(Harmless(text));
    }

    /// <summary>Ends an answer, with what there is to say of it.</summary>
    public void EndAnswer(string note)
    {
        EndReasoning();
        EndLine();
        if (note.Length > 0)
            Note(note);
        console.WriteLine();
    }

    /// <summary>A remark of the program.</summary>
    public void Note(string text) => console.MarkupLineInterpolated($"[dim]{Harmless(text)}[/]");

    /// <summary>Something went wrong.</summary>
    public void Error(string text)
    {
        EndReasoning();
        EndLine();
        console.MarkupLineInterpolated($"[red]{Harmless(text)}[/]");
    }

    /// <summary>The text without control characters, line ends and tabs excepted.</summary>
    internal static string Harmless(string text)
    {
        int at = IndexOfControl(text);
        if (at < 0)
            return text;
        var kept = new StringBuilder(text.Length).Append(text, 0, at);
        foreach (char letter in text.AsSpan(at))
        {
            if (!IsControl(letter))
                kept.Append(letter);
        }

        return kept.ToString();
    }

    private static int IndexOfControl(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (IsControl(text[i]))
                return i;
        }

        return -1;
    }

    private static bool IsControl(char letter) => char.IsControl(letter) && letter is not ('\n' or '\t');

    private void EndReasoning()
    {
        if (!_thinking)
            return;
        _thinking = false;
        if (_styled)
            _writer.Write(Plain);
        EndLine();
    }

    private void EndLine()
    {
        if (!_atLineStart)
            Write("\n");
    }

    private void Write(string text)
    {
        if (text.Length == 0)
            return;
        _writer.Write(text);
        _writer.Flush();
        _atLineStart = text[^1] == '\n';
    }
}
