using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>A checked request of <c>POST /v1/chat/completions</c>.</summary>
internal sealed record ChatRequest
{
    /// <summary>The name to answer with.</summary>
    public required string Model { get; init; }

    /// <summary>What the template sees.</summary>
    public required ChatTemplateInput Template { get; init; }

    /// <summary>How to answer.</summary>
    public required SamplingFields Fields { get; init; }

    /// <summary>How many answers there are to be.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>False ends the answer after its first tool call.</summary>
    public required bool ParallelToolCalls { get; init; }

    /// <summary>False leaves reasoning out of the answer.</summary>
    public required bool IncludeReasoning { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">A field is missing, wrong, unknown or not implemented; the error names
    /// it.</exception>
    public static ChatRequest Read(JsonElement root, ServedModel served, ReadyModel ready)
    {
        var fields = new RequestFields(root);
        string model = fields.Text("model") ?? served.Names[0];
        ModelsEndpoint.RequireServed(served, model);
        ChatTemplateInput template = ReadTemplate(fields);
        var request = new ChatRequest
        {
            Model = model,
            Template = template,
            Fields = SamplingFields.Read(fields, ready, standardMaxTokens: null, ReadLogProbs(fields)) with
            {
                ThinkingBudget = ThinkingFields.ReadBudget(fields),
            },
            Choices = SamplingFields.ReadChoices(fields),
            ParallelToolCalls = fields.Flag("parallel_tool_calls") ?? true,
            IncludeReasoning = fields.Flag("include_reasoning") ?? true,
        };
        fields.RequireAllRead();
        if (!request.Fields.SkipSpecial)
        {
            throw ApiException.NotImplemented(
                "skip_special_tokens", "skip_special_tokens: false is not implemented for chats; use /v1/completions");
        }

        return CallFields.Hold(request, fields, ToolChoice.Read(fields), ready);
    }

    /// <summary>Reads what a conversation's prompt is made of; shared with <c>/tokenize</c>.</summary>
    public static ChatTemplateInput ReadTemplate(RequestFields fields) => new()
    {
        Messages = ChatMessages.Normalise(fields.Required("messages", "an array of messages")),
        Tools = ChatTools.Read(fields),
        AddGenerationPrompt = fields.Flag("add_generation_prompt") ?? true,
        Variables = ThinkingFields.Read(fields),
    };

    private static int? ReadLogProbs(RequestFields fields)
    {
        bool wanted = fields.Flag("logprobs") ?? false;
        int? top = SamplingFields.ReadTop(fields, "top_logprobs");
        if (top > 0 && !wanted)
            throw ApiException.Invalid("top_logprobs", "top_logprobs is only for requests with \"logprobs\": true");
        return wanted ? top ?? 0 : null;
    }
}
