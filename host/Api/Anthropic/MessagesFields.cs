namespace Glm5.Host.Api.Anthropic;

/// <summary>
/// Fields of Anthropic's API that are not implemented here, by place. Agents send many that concern caching, billing or
/// Anthropic's own servers: those pass, since ignoring them changes no answer that this model can give.
/// </summary>
internal static class MessagesFields
{
    /// <summary>At the top of a request.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfRequest { get; } = Table(
        ("metadata", UnimplementedFields.Label()),
        ("service_tier", UnimplementedFields.Label()),
        ("speed", UnimplementedFields.Label()),
        ("inference_geo", UnimplementedFields.Label()),
        ("user_profile_id", UnimplementedFields.Label()),
        ("diagnostics", UnimplementedFields.Label()),
        ("cache_control", UnimplementedFields.Label()),
        ("betas", UnimplementedFields.Label()),
        ("anthropic_beta", UnimplementedFields.Label()),
        ("anthropic_version", UnimplementedFields.Label()),

        // Edits that would shorten the conversation: it is read whole instead.
        ("context_management", UnimplementedFields.Label()),
        ("container", UnimplementedFields.Only("this server runs no code")),
        ("mcp_servers", UnimplementedFields.Only("this server reaches nothing outside", "[]")),
        ("output_format", UnimplementedFields.Only("send output_config.format")));

    /// <summary>In <c>output_config</c>.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfOutputConfig { get; } = Table(
        ("task_budget", UnimplementedFields.Label()));

    /// <summary>In a block of a message or of the system prompt.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfBlock { get; } = Table(
        ("cache_control", UnimplementedFields.Label()),
        ("citations", UnimplementedFields.Label()),
        ("caller", UnimplementedFields.Label()));

    /// <summary>In a tool.</summary>
    public static IReadOnlyDictionary<string, UnimplementedField> OfTool { get; } = Table(
        ("cache_control", UnimplementedFields.Label()),
        ("defer_loading", UnimplementedFields.Label()),
        ("eager_input_streaming", UnimplementedFields.Label()),
        ("allowed_callers", UnimplementedFields.Label()),
        ("input_examples", UnimplementedFields.Label()));

    private static Dictionary<string, UnimplementedField> Table(params (string Name, UnimplementedField Field)[] rows) =>
        rows.ToDictionary(row => row.Name, row => row.Field, StringComparer.Ordinal);
}
