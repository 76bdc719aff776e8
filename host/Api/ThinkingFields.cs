using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// The variables that a chat gives to its template, and the three ways in which clients switch thinking:
/// chat_template_kwargs, Z.ai's <c>thinking</c>, OpenAI's <c>reasoning_effort</c>; the first that says something
/// counts.
/// </summary>
internal static class ThinkingFields
{
    private static readonly JsonElement s_true = JsonElement.Parse("true"u8);
    private static readonly JsonElement s_false = JsonElement.Parse("false"u8);

    /// <summary>Variables for the template.</summary>
    public static Dictionary<string, JsonElement> Read(RequestFields fields)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        ReadVariables(fields, variables);
        ReadThinking(fields, variables);
        ReadEffort(fields, "reasoning_effort", variables);
        return variables;
    }

    /// <summary>
    /// Most tokens of reasoning: vLLM's thinking_token_budget, others' thinking_budget, or Anthropic's budget_tokens in
    /// <c>thinking</c>. Null when nothing bounds it.
    /// </summary>
    /// <exception cref="ApiException">It is no number of tokens, or there is more than one.</exception>
    public static int? ReadBudget(RequestFields fields)
    {
        long? budget = null;
        string before = "";
        foreach (string name in (ReadOnlySpan<string>)["thinking_token_budget", "thinking_budget"])
            Take(fields, name, ref budget, ref before);
        if (fields.Nested("thinking") is { } thinking)
            Take(thinking, "budget_tokens", ref budget, ref before);
        return (int?)budget;
    }

    private static void Take(RequestFields fields, string name, ref long? budget, ref string before)
    {
        if (fields.Whole(name, 0, int.MaxValue) is not { } given)
            return;
        if (budget is not null && budget != given)
        {
            throw ApiException.Invalid(
                fields.PathOf(name), $"{before} is {budget} and {fields.PathOf(name)} is {given}; send one of them");
        }

        (budget, before) = (given, fields.PathOf(name));
    }

    private static void ReadVariables(RequestFields fields, Dictionary<string, JsonElement> variables)
    {
        if (!fields.TryGet("chat_template_kwargs", out JsonElement given))
            return;
        if (given.ValueKind != JsonValueKind.Object)
            throw fields.Wrong("chat_template_kwargs", "an object", given);
        foreach (JsonProperty variable in given.EnumerateObject())
        {
            if (variable.Name is "messages" or "tools" or "add_generation_prompt")
            {
                throw ApiException.Invalid(
                    $"chat_template_kwargs.{variable.Name}",
                    $"chat_template_kwargs.{variable.Name}: send {variable.Name} as a field of the request",
                    "invalid_value");
            }

            variables[variable.Name] = variable.Value;
        }
    }

    private static void ReadThinking(RequestFields fields, Dictionary<string, JsonElement> variables)
    {
        RequestFields? thinking = fields.Nested("thinking");
        if (thinking is null)
            return;
        string? type = thinking.Text("type");
        if (type is not ("enabled" or "disabled"))
        {
            throw ApiException.Invalid(
                "thinking.type", $"thinking.type: expected \"enabled\" or \"disabled\", got {type ?? "nothing"}",
                "invalid_value");
        }

        variables.TryAdd("enable_thinking", type == "enabled" ? s_true : s_false);
        if (thinking.Flag("clear_thinking") is { } clear)
            variables.TryAdd("clear_thinking", clear ? s_true : s_false);
        thinking.Whole("budget_tokens", 0, int.MaxValue);
        thinking.RequireAllRead();
    }

    /// <summary>
    /// Reads how much to think: "none" switches thinking off, anything else on; the template sees the word.
    /// </summary>
    public static void ReadEffort(RequestFields fields, string name, Dictionary<string, JsonElement> variables)
    {
        string? effort = fields.Text(name);
        if (effort is null)
            return;
        if (effort is not ("none" or "minimal" or "low" or "medium" or "high" or "xhigh" or "max"))
        {
            throw RequestFields.Wrong(
                fields.PathOf(name), "none, minimal, low, medium, high, xhigh or max", $"'{effort}'");
        }

        variables.TryAdd("enable_thinking", effort == "none" ? s_false : s_true);
        fields.TryGet(name, out JsonElement value);
        variables.TryAdd("reasoning_effort", value);
    }
}
