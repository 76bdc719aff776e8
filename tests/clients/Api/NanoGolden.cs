using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>The embedded model's golden continuations, computed by another implementation.</summary>
internal static class NanoGolden
{
    /// <summary>All cases.</summary>
    public static IReadOnlyList<GoldenCase> Cases { get; } = Load();

    /// <summary>One case by name.</summary>
    public static GoldenCase Case(string name) => Cases.Single(c => c.Name == name);

    private static List<GoldenCase> Load()
    {
        using var document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Repository.Root, "models", "glm5-nano", "golden.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(Read)];
    }

    private static GoldenCase Read(JsonElement golden) => new(
        golden.GetProperty("name").GetString()!, golden.GetProperty("messages").Clone(), golden.GetProperty("tools").Clone(),
        golden.GetProperty("enable_thinking").GetBoolean(), golden.GetProperty("text").GetString()!,
        Ids(golden, "prompt_ids"), Ids(golden, "output_ids"), golden.GetProperty("output_text").GetString()!);

    private static int[] Ids(JsonElement golden, string name) =>
        [.. golden.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}

/// <summary>A conversation, its prompt, and the model's greedy answer.</summary>
internal sealed record GoldenCase(
    string Name, JsonElement Messages, JsonElement Tools, bool EnableThinking, string Text, int[] PromptIds,
    int[] OutputIds, string OutputText)
{
    public override string ToString() => Name;
}
