using System.Text.Json;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Chat;

/// <summary>What a piece of an answer is.</summary>
public enum OutputKind
{
    /// <summary>Text before the end of reasoning.</summary>
    Reasoning,

    /// <summary>Text for the user.</summary>
    Content,

    /// <summary>A tool call begins: the text is the function's name.</summary>
    ToolCallName,

    /// <summary>The next stretch of the call's arguments, a JSON object over all stretches.</summary>
    ToolCallArguments,
}

/// <summary>A piece of an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters.</param>
/// <param name="Call">Index of the tool call it belongs to, from 0; -1 outside of calls.</param>
public readonly record struct OutputPart(OutputKind Kind, string Text, int Call = -1);

/// <summary>
/// Splits one answer into reasoning, content and tool calls as its tokens come (specification, section 8). Tags are
/// recognised by token id: the same characters spelled by ordinary tokens are text. Streamed and whole answers pass through
/// here alike, and every chunking gives the same answer. One thread.
/// </summary>
/// <param name="tokenizer">Names the tags' ids.</param>
/// <param name="tools">The request's tools, by whose schemas values are typed; null leaves tool calls as content.</param>
/// <param name="startsInReasoning">True when the prompt ended inside of a think block.</param>
public sealed class ChatOutput(Tokenizer tokenizer, JsonElement? tools, bool startsInReasoning)
{
    /// <summary>Takes a token and adds what it completes.</summary>
    public void Append(int token, List<OutputPart> into)
    {
        _ = (tokenizer, tools, startsInReasoning, token, into);
        throw new NotImplementedException();
    }

    /// <summary>Ends the answer: closes what is open, so that arguments are valid JSON.</summary>
    public void Finish(List<OutputPart> into) => throw new NotImplementedException();
}
