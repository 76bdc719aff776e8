using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Host.Serving;

namespace Glm5.Host.Api.Responses;

/// <summary>Reads a request of <c>POST /v1/responses</c> as the chat that it means.</summary>
internal static class ResponsesRequest
{
    private static readonly JsonElement s_false = JsonElement.Parse("false"u8);

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">A field is missing, wrong, unknown or not implemented; the error names
    /// it.</exception>
    public static ChatRequest Read(JsonElement root, ServedModel served, ReadyModel ready)
    {
        var fields = new RequestFields(root);
        string model = fields.Text("model") ?? served.Names[0];
        ModelsEndpoint.RequireServed(served, model);
        fields.Nested("stream_options")?.RequireAllRead(ResponsesFields.OfStreamOptions);
        var request = new ChatRequest
        {
            Model = model,
            Template = new ChatTemplateInput
            {
                Messages = ResponsesInput.Read(fields),
                Tools = ResponsesTools.Read(fields),
                Variables = ReadReasoning(fields),
            },
            Fields = new SamplingFields
            {
                Sampling = SamplingFields.ReadSampling(fields, ready, logProbs: null),
                MaxTokens = (int?)fields.Whole("max_output_tokens", 1, int.MaxValue),
                StopIds = ready.EosTokenIds,
                Form = ReadForm(fields, ready),
                Stream = fields.Flag("stream") ?? false,
            },
            ParallelToolCalls = fields.Flag("parallel_tool_calls") ?? true,
            IncludeReasoning = true,
        };
        fields.RequireAllRead(ResponsesFields.OfRequest);
        return CallFields.Hold(request, fields, ToolChoice.Read(fields), ready);
    }

    // Reasoning that the client sends back stays in the prompt, which then begins as the last one ended.
    private static Dictionary<string, JsonElement> ReadReasoning(RequestFields fields)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["clear_thinking"] = s_false };
        RequestFields? reasoning = fields.Nested("reasoning");
        if (reasoning is null)
            return variables;
        ThinkingFields.ReadEffort(reasoning, "effort", variables);
        reasoning.RequireAllRead(ResponsesFields.OfReasoning);
        return variables;
    }

    private static AnswerForm? ReadForm(RequestFields fields, ReadyModel ready)
    {
        RequestFields? text = fields.Nested("text");
        AnswerForm? form = FormFields.ReadFormat(text?.Nested("format"), ready);
        text?.RequireAllRead(ResponsesFields.OfText);
        return form;
    }
}
