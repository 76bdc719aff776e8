namespace Glm5.Host.Api.Responses;

/// <summary>Fields of the responses API that are not implemented here, by place.</summary>
internal static class ResponsesFields
{
    private const string Send = "send the whole conversation as input; nothing is stored here";

    /// <summary>At the top of a request.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfRequest { get; } = Table(
        ("user", UnimplementedFields.Label()),
        ("metadata", UnimplementedFields.Label()),
        ("client_metadata", UnimplementedFields.Label()),
        ("safety_identifier", UnimplementedFields.Label()),
        ("prompt_cache_key", UnimplementedFields.Label()),
        ("prompt_cache_retention", UnimplementedFields.Label()),
        ("service_tier", UnimplementedFields.Label()),

        // What to add to an answer: reasoning is always there in plain text, and nothing else exists here.
        ("include", UnimplementedFields.Label()),

        // An answer is not kept, whatever is asked; the answer says so.
        ("store", UnimplementedFields.Label()),
        ("context_management", UnimplementedFields.Label()),
        ("previous_response_id", UnimplementedFields.Only(Send)),
        ("conversation", UnimplementedFields.Only(Send)),
        ("prompt", UnimplementedFields.Only("send instructions and input")),
        ("background", UnimplementedFields.Only("answers come on the connection that asked", "false")),
        ("truncation", UnimplementedFields.Only("the prompt is never cut; shorten it", "\"disabled\"")),
        ("max_tool_calls", UnimplementedFields.Only("calls are the client's to run and to count")),
        ("top_logprobs", UnimplementedFields.Only("use /v1/chat/completions", "0")));

    /// <summary>In a function: those that are loaded later are known here from the beginning.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfTool { get; } = Table(
        ("defer_loading", UnimplementedFields.Label()));

    /// <summary>Where there are none.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> None { get; } = Table();

    /// <summary>In <c>reasoning</c>: what is thought is given in full.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfReasoning { get; } = Table(
        ("summary", UnimplementedFields.Label()),
        ("generate_summary", UnimplementedFields.Label()),
        ("context", UnimplementedFields.Label()));

    /// <summary>In <c>text</c>.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfText { get; } = Table(
        ("verbosity", UnimplementedFields.Only("ask for it in the prompt", "\"medium\"")));

    /// <summary>In <c>stream_options</c>: padding against traffic analysis is not sent.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfStreamOptions { get; } = Table(
        ("include_obfuscation", UnimplementedFields.Label()));

    /// <summary>In an item of the input: what answers carry and clients send back.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfItem { get; } = Table(
        ("id", UnimplementedFields.Label()),
        ("status", UnimplementedFields.Label()),
        ("phase", UnimplementedFields.Label()),
        ("summary", UnimplementedFields.Label()),
        ("encrypted_content", UnimplementedFields.Label()),

        // What OpenAI's SDK makes of arguments, and sends back with them.
        ("parsed_arguments", UnimplementedFields.Label()));

    private static Dictionary<string, UnimplementedField> Table(params (string Name, UnimplementedField Field)[] rows) =>
        rows.ToDictionary(row => row.Name, row => row.Field, StringComparer.Ordinal);
}
