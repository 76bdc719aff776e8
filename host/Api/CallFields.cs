using System.Collections.Frozen;
using System.Text.Json;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Calls;
using Glm5.Host.Api.Responses;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Holds an answer's tool calls to what the request says: calls that must be made, and arguments of tools that are
/// <c>strict</c>. Where content has a form, an answer is such content or calls, unless calls must be made. Without any of
/// these the model is free and no grammar is needed.
/// </summary>
internal static class CallFields
{
    private const int LongestSource = 1 << 20;

    /// <summary>The request with the form of its calls, where it asks for one.</summary>
    /// <param name="request">The request, its tools as templates read them.</param>
    /// <param name="fields">Its fields, tools as the client wrote them.</param>
    /// <param name="choice">What it says of calling.</param>
    /// <param name="ready">The model.</param>
    /// <exception cref="ApiException">The calls cannot be held to that.</exception>
    public static ChatRequest Hold(ChatRequest request, RequestFields fields, ToolChoice choice, ReadyModel ready)
    {
        if (request.Template.Tools is not { } tools)
        {
            return choice.MustCall
                ? throw ApiException.Invalid(choice.Field, $"{choice.Field}: a call is required and the request has no tools")
                : request;
        }

        fields.TryGet("tools", out JsonElement written);
        FrozenSet<string> strict = Strict(written);
        AnswerForm? content = request.Fields.Form;
        if (!choice.MustCall && strict.Count == 0 && content is null)
            return request;
        var form = new CallForm
        {
            Tools = tools,
            IsRequired = choice.MustCall || content is not null,
            Function = choice.Function,
            AllowsSeveral = request.ParallelToolCalls && choice.Function is null,
            Strict = strict,
        };
        AnswerForm calls = Compile(form, choice, ready);
        return request with
        {
            Fields = request.Fields with { Form = choice.MustCall || content is null ? calls : Either(content, calls, ready) },
        };
    }

    private static AnswerForm Either(AnswerForm content, AnswerForm calls, ReadyModel ready)
    {
        try
        {
            return ready.Forms!.Either(content, calls);
        }
        catch (GrammarException wrong)
        {
            throw ApiException.Invalid(
                "tools", $"tools, together with a form of the answer: {wrong.Message}; send one of them, or tool_choice \"none\"",
                "invalid_value");
        }
    }

    private static AnswerForm Compile(CallForm form, ToolChoice choice, ReadyModel ready)
    {
        if (ready.Forms is not { } forms)
            throw ApiException.Invalid(choice.Field, $"{choice.Field}: {ready.WhyNoForms}; use \"auto\", and tools without strict");
        if (!forms.SpellsCalls)
            throw ApiException.Invalid(choice.Field, $"{choice.Field}: this model's tokenizer has no tags for tool calls");
        string tools = form.Tools.GetRawText();
        if (tools.Length > LongestSource)
            throw RequestFields.Wrong("tools", $"at most {LongestSource} characters", $"{tools.Length}");
        if (form.Function is { } function && !Names(form.Tools).Contains(function))
            throw ApiException.Invalid(choice.Field, $"{choice.Field}: no tool is called '{function}'", "invalid_value");
        string strict = string.Join('\n', form.Strict.Order(StringComparer.Ordinal));
        try
        {
            return forms.Get(
                $"calls {form.IsRequired} {form.AllowsSeveral} {form.Function}\n{strict}\n{tools}", () => Grammar.Calls(form));
        }
        catch (GrammarException wrong)
        {
            throw ApiException.Invalid("tools", $"tools: {wrong.Message}", "invalid_value");
        }
    }

    private static HashSet<string> Names(JsonElement tools)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonElement tool in tools.EnumerateArray())
            names.Add(FunctionOf(tool).GetProperty("name"u8).GetString()!);
        return names;
    }

    /// <summary>Tools that say so, whichever API's form they have.</summary>
    private static FrozenSet<string> Strict(JsonElement tools)
    {
        var strict = new List<string>();
        AddStrict(tools, space: null, strict);
        return strict.ToFrozenSet(StringComparer.Ordinal);
    }

    private static void AddStrict(JsonElement tools, string? space, List<string> strict)
    {
        foreach (JsonElement tool in tools.EnumerateArray())
        {
            JsonElement function = FunctionOf(tool);
            if (function.TryGetProperty("tools"u8, out JsonElement inner) && space is null)
                AddStrict(inner, function.GetProperty("name"u8).GetString(), strict);
            else if (function.TryGetProperty("strict"u8, out JsonElement flag) && flag.ValueKind == JsonValueKind.True)
                strict.Add(ResponsesTools.Join(space, function.GetProperty("name"u8).GetString()!));
        }
    }

    private static JsonElement FunctionOf(JsonElement tool) =>
        tool.TryGetProperty("function"u8, out JsonElement function) && function.ValueKind == JsonValueKind.Object
            ? function
            : tool;
}
