using System.Text;
using Glm5.Core.Chat;

namespace Glm5.Host.Api;

/// <summary>
/// A stretch of an answer that is of one kind: reasoning, content, or one tool call. APIs that list an answer's parts
/// in their order are written block by block.
/// </summary>
/// <param name="first">The part that begins it.</param>
internal sealed class AnswerBlock(OutputPart first)
{
    /// <summary>Reasoning, content, or <see cref="OutputKind.ToolCallName"/> for a call.</summary>
    public OutputKind Kind { get; } = first.Kind;

    /// <summary>Which call it is; -1 when it is none.</summary>
    public int Call { get; } = first.Call;

    /// <summary>The name of the function that it calls; empty when it is no call.</summary>
    public string Name { get; } = first.Kind == OutputKind.ToolCallName ? first.Text : "";

    /// <summary>What was added: text, or the JSON of the arguments.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>True when a part goes on with this block; otherwise it begins another.</summary>
    public bool Takes(OutputPart part) => part.Kind switch
    {
        OutputKind.ToolCallName => false,
        OutputKind.ToolCallArguments => Kind == OutputKind.ToolCallName,
        _ => part.Kind == Kind,
    };

    /// <summary>Puts parts behind each other, with a new block wherever the kind changes.</summary>
    public static void Collect(List<OutputPart> parts, List<AnswerBlock> into)
    {
        foreach (OutputPart part in parts)
        {
            if (into.Count == 0 || !into[^1].Takes(part))
                into.Add(new AnswerBlock(part));
            into[^1].Add(part);
        }
    }

    /// <summary>Adds a part that it takes; a call's name is no text.</summary>
    public void Add(OutputPart part)
    {
        if (part.Kind != OutputKind.ToolCallName)
            Text.Append(part.Text);
    }
}
