using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// Fields of the OpenAI, vLLM and SGLang APIs that exist and are not implemented here. A value that asks for nothing
/// passes; any other is refused by name. Fields that only label a request pass with every value.
/// </summary>
internal static class UnimplementedFields
{
    private const string LeaveOut = "leave it out";
    private const string Constrained =
        "use response_format with a JSON schema, or structured_outputs with json, regex or choice";

    /// <summary>By name, at the top of a request for a chat or a completion.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfOpenAI { get; } = new Dictionary<string, UnimplementedField>(StringComparer.Ordinal)
    {
        // Labels: they change nothing about an answer.
        ["user"] = Label(),
        ["metadata"] = Label(),
        ["safety_identifier"] = Label(),
        ["prompt_cache_key"] = Label(),
        ["prompt_cache_retention"] = Label(),
        ["service_tier"] = Label(),
        ["request_id"] = Label(),
        ["truncate_prompt_tokens"] = Only("the prompt is never cut; shorten it"),

        // Several answers for one prompt.
        ["best_of"] = Only("send the request several times", "1"),
        ["use_beam_search"] = Only(LeaveOut, "false"),
        ["length_penalty"] = Only(LeaveOut, "1"),

        // Constraints.
        ["guided_grammar"] = Only(Constrained),
        ["ebnf"] = Only(Constrained),
        ["json_schema"] = Only(Constrained),
        ["grammar"] = Only(Constrained),
        ["bad_words"] = Only(LeaveOut, "[]"),

        // Older forms.
        ["functions"] = Only("send tools"),
        ["function_call"] = Only("send tool_choice"),

        // Other things than text.
        ["modalities"] = Only("answers are text", "[\"text\"]"),
        ["audio"] = Only("answers are text"),
        ["prediction"] = Only(LeaveOut),
        ["web_search_options"] = Only("this server reaches nothing outside"),
        ["mm_processor_kwargs"] = Only("prompts are text"),

        // What completions alone have.
        ["echo"] = Only("a conversation is not repeated; use /v1/completions", "false"),
        ["suffix"] = Only("text is continued, not filled in"),
        ["prompt_embeds"] = Only("send prompt as text or token ids"),

        // Storing, ordering, budgets.
        ["store"] = Only("nothing is stored", "false"),
        ["verbosity"] = Only("ask for it in the prompt", "\"medium\""),
        ["thinking_token_budget"] = Only("text that is completed has no reasoning; use /v1/chat/completions"),
        ["kv_transfer_params"] = Only(LeaveOut),
        ["vllm_xargs"] = Only(LeaveOut),
        ["logits_processors"] = Only("use logit_bias"),
        ["lora_path"] = Only(LeaveOut),
        ["stop_regex"] = Only("use stop"),
        ["spaces_between_special_tokens"] = Only("tokens are joined as they are", "true", "false"),
        ["allowed_token_ids"] = Only("use logit_bias"),
    };

    /// <summary>In vLLM's <c>structured_outputs</c>.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfStructuredOutputs { get; } =
        new Dictionary<string, UnimplementedField>(StringComparer.Ordinal)
        {
            ["grammar"] = Only(Constrained),
            ["structural_tag"] = Only(Constrained),
            ["whitespace_pattern"] = Only("white space is bounded here"),
            ["disable_any_whitespace"] = Only("white space is bounded here", "false"),
            ["disable_additional_properties"] = Only("what the schema does not mention is not written", "false", "true"),
            ["disable_fallback"] = Label(),
        };

    /// <summary>A field that passes with every value.</summary>
    public static UnimplementedField Label() => new("", null);

    /// <summary>A field that is refused unless its value asks for nothing.</summary>
    public static UnimplementedField Only(string advice, params string[] neutral) => new(advice, neutral);
}

/// <summary>A known field.</summary>
/// <param name="Advice">What to do instead.</param>
/// <param name="Neutral">JSON texts of values that ask for nothing, beside null; null when none asks for
/// anything.</param>
internal sealed record UnimplementedField(string Advice, string[]? Neutral)
{
    /// <summary>True when the value asks for nothing.</summary>
    public bool IsWithoutEffect(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || Neutral is null
            || Neutral.Contains(value.GetRawText(), StringComparer.Ordinal)
            || (RequestFields.TryWhole(value, out long whole) && Neutral.Contains($"{whole}", StringComparer.Ordinal));
}
