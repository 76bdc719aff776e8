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
