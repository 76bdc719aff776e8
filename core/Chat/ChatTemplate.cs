using System.Text.Json;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Chat;

/// <summary>A checkpoint's chat template, run with Hugging Face semantics (specification, section 8). Immutable; any thread.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate()
    {
    }

    /// <summary>Compiles a template; <paramref name="name"/> stands in errors.</summary>
    /// <exception cref="ChatTemplateException">It uses what is not Jinja, or what is outside of the subset; names line and column.</exception>
    public static ChatTemplate Compile(string source, string name) => throw new NotImplementedException();

    /// <summary>Renders a conversation. The result remembers which characters came from <paramref name="input"/>.</summary>
    /// <exception cref="ChatTemplateException">The template refused, or went beyond its bounds of steps or output.</exception>
    public PromptText Render(ChatTemplateInput input) => throw new NotImplementedException();
}

/// <summary>What a template sees.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The array of messages, as an API request has it, except that a tool call's arguments are an object where they were a JSON string of one.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>The array of tools; null when none are offered.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the assistant's turn is opened at the end.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Further variables: enable_thinking, clear_thinking and whatever else chat_template_kwargs holds.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();
}
