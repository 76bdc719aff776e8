using System.Linq;
using System.Text.Json;
using Glm5.Core.Chat.Output;

namespace Glm5.Core.Chat;

/// <summary>
/// What <see cref="ChatOutput"/> is for tokens, for answers of which only the text is left: every string that spells a
/// tag is that tag, and the names of special tokens are not text. The text may come in pieces cut anywhere, within a
/// tag too. One thread.
/// </summary>
/// <param name="tools">The request's tools, by whose schemas values are typed; null leaves tool calls as
/// content.</param>
/// <param name="startsInReasoning">True when the prompt ended inside of a think block.</param>
public sealed class TaggedOutput(JsonElement? tools, bool startsInReasoning)
{
    private static readonly string[] s_special =
        ["<|user|>", "<|observation|>", "<|endoftext|>", "<|assistant|>", "<|system|>"];

    private static readonly string[] s_marks =
        [.. Enum.GetValues<OutputTag>().Select(tag => tag.Text()), .. s_special];

    private readonly OutputMachine _machine = new(
        tools is { ValueKind: JsonValueKind.Array } list ? new ToolSchemas(list.Clone()) : null, startsInReasoning);

    /// <summary>The end of the text so far where it may be the beginning of a mark.</summary>
    private string _held = "";

    /// <summary>True when the last thing was a special token: the model ended its turn.</summary>
    public bool EndsWithSpecial { get; private set; }

    /// <summary>Takes the next piece and adds what it completes.</summary>
    public void Append(string piece, List<OutputPart> into)
    {
        string text = _held + piece;
        _held = "";
        int from = 0;
        for (int at = text.IndexOf('<'); at >= 0; at = text.IndexOf('<', at))
        {
            int mark = MarkAt(text.AsSpan(at), out bool isCut);
            if (isCut)
            {
                _held = text[at..];
                AppendText(text[from..at], into);
                return;
            }

            if (mark < 0)
            {
                at++;
                continue;
            }

            AppendText(text[from..at], into);
            AppendMark(mark, into);
            at = from = at + s_marks[mark].Length;
        }

        AppendText(text[from..], into);
    }

    /// <summary>Ends the answer: closes what is open, so that arguments are valid JSON.</summary>
    /// <param name="complete">True when the model ended the answer itself, false when it was cut off.</param>
    /// <param name="into">Receives what this completes.</param>
    public void Finish(bool complete, List<OutputPart> into)
    {
        AppendText(_held, into);
        _held = "";
        _machine.Finish(complete, into);
    }

    /// <summary>The mark that stands at the beginning, or -1; none begins another.</summary>
    private static int MarkAt(ReadOnlySpan<char> text, out bool isCut)
    {
        isCut = false;
        for (int mark = 0; mark < s_marks.Length; mark++)
        {
            if (text.StartsWith(s_marks[mark], StringComparison.Ordinal))
                return mark;
            isCut |= s_marks[mark].AsSpan().StartsWith(text, StringComparison.Ordinal);
        }

        return -1;
    }

    private void AppendMark(int mark, List<OutputPart> into)
    {
        EndsWithSpecial = mark >= OutputTags.Count;
        if (!EndsWithSpecial)
            _machine.Tag((OutputTag)mark, into);
    }

    private void AppendText(string text, List<OutputPart> into)
    {
        if (text.Length == 0)
            return;
        EndsWithSpecial = false;
        _machine.Text(text, into);
    }
}
