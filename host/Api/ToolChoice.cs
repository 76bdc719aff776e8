using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>What a request says about calling its tools.</summary>
/// <param name="MayCall">False when the model is not to see them.</param>
/// <param name="MustCall">True when the answer is to be calls.</param>
/// <param name="Function">The one function to call; null for any.</param>
/// <param name="Field">Where the request says so, for messages.</param>
internal readonly record struct ToolChoice(bool MayCall, bool MustCall, string? Function, string Field)
{
    private const string Expected = "\"auto\", \"none\", \"required\" or an object that names a function";

    private static ToolChoice Auto { get; } = new(true, false, null, "tool_choice");

    /// <summary>
    /// Reads OpenAI's spellings: a word, <c>{"type": "function", "function": {"name"}}</c> of chats, or <c>{"type":
    /// "function", "name"}</c> of responses.
    /// </summary>
    /// <exception cref="ApiException">It is none of them.</exception>
    public static ToolChoice Read(RequestFields fields)
    {
        if (!fields.TryGet("tool_choice", out JsonElement choice))
            return Auto;
        if (choice.ValueKind == JsonValueKind.Object)
            return ReadNamed(fields.Nested("tool_choice")!);
        return (choice.ValueKind == JsonValueKind.String ? choice.GetString() : null) switch
        {
            "auto" => Auto,
            "none" => Auto with { MayCall = false },
            "required" => Auto with { MustCall = true },
            _ => throw fields.Wrong("tool_choice", Expected, choice),
        };
    }

    /// <summary>Reads Anthropic's: an object whose type is auto, none, any or tool.</summary>
    /// <exception cref="ApiException">It is none of them.</exception>
    public static ToolChoice ReadAnthropic(RequestFields fields)
    {
        RequestFields? choice = fields.Nested("tool_choice");
        if (choice is null)
            return Auto;
        string type = choice.RequiredText("type");
        choice.Flag("disable_parallel_tool_use");
        ToolChoice read = type switch
        {
            "auto" => Auto,
            "none" => Auto with { MayCall = false },
            "any" => Auto with { MustCall = true },
            "tool" => new ToolChoice(true, true, choice.RequiredText("name"), "tool_choice.name"),
            _ => throw RequestFields.Wrong("tool_choice.type", "\"auto\", \"any\", \"tool\" or \"none\"", $"\"{type}\""),
        };
        choice.RequireAllRead();
        return read;
    }

    private static ToolChoice ReadNamed(RequestFields choice)
    {
        string type = choice.RequiredText("type");
        if (type != "function")
        {
            throw ApiException.NotImplemented(
                "tool_choice.type", $"tool_choice.type '{type}' is not implemented; name a function, or send {Expected}");
        }

        RequestFields place = choice.Nested("function") ?? choice;
        var read = new ToolChoice(true, true, place.RequiredText("name"), place.PathOf("name"));
        if (place != choice)
            place.RequireAllRead();
        choice.RequireAllRead();
        return read;
    }
}
