using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Chat;

/// <summary>
/// Splits one answer into reasoning, content and tool calls as its tokens come (specification, section 8). Tags are
/// recognised by token id: the same characters spelled by ordinary tokens are text. Special tokens, the ends of turns
/// among them, are not text. Streamed and whole answers pass through here alike, and every chunking gives the same
/// answer. One thread.
/// </summary>
/// <remarks>
/// <para>
/// A tool call inside of reasoning ends it. A model that ends its turn (with a special token) without having ended its
/// reasoning or called a tool has answered without thinking: its text, already given out as reasoning, is given once
/// more as content.
/// </para>
/// <para>
/// Arguments are valid JSON when the answer is finished, wherever it was cut: open strings and objects are closed, and
/// an unfinished value of another type is left out.
/// </para>
/// </remarks>
public sealed class ChatOutput
{
    private readonly Tokenizer _tokenizer;
    private readonly IncrementalDetokenizer _detokenizer;
    private readonly OutputMachine _machine;

    /// <summary>By tag: the id that means it; null where the tokenizer has none.</summary>
    private readonly int?[] _tagIds = new int?[OutputTags.Count];
    private bool _endsWithSpecial;

    /// <param name="tokenizer">Names the tags' ids.</param>
    /// <param name="tools">The request's tools, by whose schemas values are typed; null leaves tool calls as
    /// content.</param>
    /// <param name="startsInReasoning">True when the prompt ended inside of a think block.</param>
    public ChatOutput(Tokenizer tokenizer, JsonElement? tools, bool startsInReasoning)
    {
        _tokenizer = tokenizer;
        _detokenizer = new IncrementalDetokenizer(tokenizer);
        ToolSchemas? schemas = tools is { ValueKind: JsonValueKind.Array } list ? new ToolSchemas(list.Clone()) : null;
        _machine = new OutputMachine(schemas, startsInReasoning);
        foreach (OutputTag tag in Enum.GetValues<OutputTag>())
            _tagIds[(int)tag] = tokenizer.AddedTokenId(tag.Text());
    }

    /// <summary>Takes a token, the stop id included, and adds what it completes.</summary>
    public void Append(int token, List<OutputPart> into)
    {
        _endsWithSpecial = _tokenizer.IsSpecial(token);
        int tag = Array.IndexOf(_tagIds, token);
        if (tag < 0)
        {
            AppendText(_detokenizer.Append(token), into);
            return;
        }

        AppendText(_detokenizer.Flush(), into);
        _machine.Tag((OutputTag)tag, into);
    }

    /// <summary>Ends the answer: closes what is open, so that arguments are valid JSON.</summary>
    public void Finish(List<OutputPart> into) => Finish(_endsWithSpecial, into);

    /// <summary>The same where it is known otherwise whether the model ended the answer itself.</summary>
    public void Finish(bool complete, List<OutputPart> into)
    {
        AppendText(_detokenizer.Flush(), into);
        _machine.Finish(complete, into);
    }

    private void AppendText(string text, List<OutputPart> into)
    {
        if (text.Length > 0)
            _machine.Text(text, into);
    }
}
