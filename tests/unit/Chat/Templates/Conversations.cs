using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Chat.Templates;

/// <summary>Templates and conversations for tests.</summary>
internal static class Conversations
{
    private static readonly string[] s_named = ["messages", "tools", "add_generation_prompt"];

    public static string NanoSource { get; } = File.ReadAllText(Path.Combine(RepositoryFiles.Nano, "chat_template.jinja"));

    public static ChatTemplate Nano { get; } = ChatTemplate.Compile(NanoSource, "nano");

    /// <summary>
    /// GLM-4.7's own template, which is not part of the tree: named by GLM5_GLM47_TEMPLATE, or beside the repository.
    /// Null where it is not to be found.
    /// </summary>
    public static string? Glm47Source { get; } = FindGlm47();

    /// <summary>
    /// An input from an object that holds messages, perhaps tools and add_generation_prompt, and other variables.
    /// </summary>
    public static ChatTemplateInput Input(JsonElement input)
    {
        Dictionary<string, JsonElement> variables = [];
        foreach (JsonProperty property in input.EnumerateObject().Where(p => !s_named.Contains(p.Name)))
        {
            variables[property.Name] = property.Value;
        }

        return new ChatTemplateInput
        {
            Messages = input.GetProperty("messages"),
            Tools = input.TryGetProperty("tools", out JsonElement tools) && tools.ValueKind != JsonValueKind.Null ? tools : null,
            AddGenerationPrompt = !input.TryGetProperty("add_generation_prompt", out JsonElement add) || add.GetBoolean(),
            Variables = variables,
        };
    }

    public static ChatTemplateInput Input(string json) => Input(JsonElement.Parse(json));

    /// <summary>Renders a template without messages.</summary>
    public static PromptText Render(string template, string variables = "{}") =>
        ChatTemplate.Compile(template, "test").Render(Input(Merge(variables)));

    /// <summary>The client's characters of a prompt, each span by itself.</summary>
    public static string[] Client(PromptText prompt) =>
        [.. prompt.FromMessages.Select(s => prompt.Text.Substring(s.Start, s.Length))];

    /// <summary>What is left when the client's characters are taken out.</summary>
    public static string Trusted(PromptText prompt)
    {
        string text = prompt.Text;
        foreach (TextSpan span in prompt.FromMessages.Reverse())
        {
            text = text.Remove(span.Start, span.Length);
        }

        return text;
    }

    /// <summary>Whether spans are as a prompt promises: ascending, disjoint, merged, none of them empty.</summary>
    public static void AssertWellFormed(PromptText prompt)
    {
        int end = -1;
        foreach (TextSpan span in prompt.FromMessages)
        {
            Assert.IsGreaterThan(end, span.Start);
            Assert.IsGreaterThan(0, span.Length);
            end = span.End;
        }

        Assert.IsLessThanOrEqualTo(prompt.Text.Length, end);
    }

    private static string Merge(string variables) => variables.Trim() == "{}"
        ? """{"messages": []}"""
        : $"{{\"messages\": [], {variables.Trim()[1..]}";

    private static string? FindGlm47()
    {
        string path = Environment.GetEnvironmentVariable("GLM5_GLM47_TEMPLATE")
            ?? Path.Combine(RepositoryFiles.Root, "..", "shared", "chat", "glm47.chat_template.jinja");
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}
