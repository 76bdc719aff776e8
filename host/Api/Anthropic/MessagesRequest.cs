using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Host.Serving;

namespace Glm5.Host.Api.Anthropic;

/// <summary>Reads a request of <c>POST /v1/messages</c> as the chat that it means.</summary>
internal static class MessagesRequest
{
    private static readonly JsonElement s_true = JsonElement.Parse("true"u8);
    private static readonly JsonElement s_false = JsonElement.Parse("false"u8);

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">A field is missing, wrong, unknown or not implemented; the error names
    /// it.</exception>
    public static ChatRequest Read(JsonElement root, ServedModel served, ReadyModel ready)
    {
        var fields = new RequestFields(root);
        string model = ReadModel(fields, served);
        long maxTokens = fields.Whole("max_tokens", 1, int.MaxValue)
            ?? throw ApiException.Invalid(
                "max_tokens", "max_tokens is missing; expected a whole number of at least 1", "missing_field");
        (ChatTemplateInput template, bool showsThinking) = ReadTemplate(fields);
        if (!template.AddGenerationPrompt)
        {
            throw ApiException.NotImplemented(
                "messages", "messages: the last one is the assistant's, and continuing it is not implemented; end with "
                + "a message of the user");
        }

        var request = new ChatRequest
        {
            Model = model,
            Template = template,
            Fields = new SamplingFields
            {
                Sampling = SamplingFields.ReadSampling(fields, ready, logProbs: null),
                MaxTokens = (int)maxTokens,
                StopIds = ready.EosTokenIds,
                Stops = SamplingFields.ReadStops(fields, "stop_sequences"),
                Form = FormFields.ReadFormat(fields.Nested("output_config")?.Nested("format"), ready),
                ThinkingBudget = (int?)fields.Nested("thinking")?.Whole("budget_tokens", 1, int.MaxValue),
                Stream = fields.Flag("stream") ?? false,
            },
            ParallelToolCalls = MessagesTools.ReadParallel(fields),
            IncludeReasoning = showsThinking,
        };
        fields.RequireAllRead(MessagesFields.OfRequest);
        return CallFields.Hold(request, fields, ToolChoice.ReadAnthropic(fields), ready);
    }

    /// <summary>Reads a body whose tokens are only counted.</summary>
    public static ChatTemplateInput ReadCounted(JsonElement root, ServedModel served)
    {
        var fields = new RequestFields(root);
        ReadModel(fields, served);
        (ChatTemplateInput template, _) = ReadTemplate(fields);
        fields.RequireAllRead(MessagesFields.OfRequest);
        return template;
    }

    private static string ReadModel(RequestFields fields, ServedModel served)
    {
        string model = fields.Text("model") ?? served.Names[0];
        ModelsEndpoint.RequireServed(served, model);
        return model;
    }

    private static (ChatTemplateInput Template, bool ShowsThinking) ReadTemplate(RequestFields fields)
    {
        // Earlier reasoning stays where the client sent it back: the prompt then begins as the last one ended, which is
        // what a prefix cache needs.
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["clear_thinking"] = s_false };
        bool shows = ReadThinking(fields, variables);
        ReadOutputConfig(fields, variables);
        (JsonElement messages, bool endsWithAssistant) = MessagesInput.Read(fields);
        var template = new ChatTemplateInput
        {
            Messages = messages,
            Tools = MessagesTools.Read(fields),
            AddGenerationPrompt = !endsWithAssistant,
            Variables = variables,
        };
        return (template, shows);
    }

    private static bool ReadThinking(RequestFields fields, Dictionary<string, JsonElement> variables)
    {
        RequestFields? thinking = fields.Nested("thinking");
        string type = thinking?.Text("type") ?? "disabled";
        if (type is not ("enabled" or "disabled" or "adaptive"))
        {
            throw RequestFields.Wrong(
                "thinking.type", "\"enabled\", \"adaptive\" or \"disabled\"", $"\"{type}\"");
        }

        bool thinks = type != "disabled";
        variables["enable_thinking"] = thinks ? s_true : s_false;
        if (thinking is null)
            return false;
        thinking.Whole("budget_tokens", 1, int.MaxValue);
        string display = thinking.Text("display") ?? "summarized";
        if (display is not ("summarized" or "omitted"))
            throw RequestFields.Wrong("thinking.display", "\"summarized\" or \"omitted\"", $"\"{display}\"");
        thinking.RequireAllRead();
        return thinks && display == "summarized";
    }

    private static void ReadOutputConfig(RequestFields fields, Dictionary<string, JsonElement> variables)
    {
        RequestFields? output = fields.Nested("output_config");
        if (output is null)
            return;
        if (output.Text("effort") is { } effort)
        {
            if (effort is not ("low" or "medium" or "high" or "xhigh" or "max"))
            {
                throw RequestFields.Wrong(
                    "output_config.effort", "low, medium, high, xhigh or max", $"\"{effort}\"");
            }

            output.TryGet("effort", out JsonElement value);
            variables["reasoning_effort"] = value;
        }

        // The form of the answer is read with the other fields of the answer; counting tokens needs none.
        output.Nested("format");
        output.RequireAllRead(MessagesFields.OfOutputConfig);
    }
}
