using System.Text.Json;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// A checked request of <c>POST /v1/completions</c>: raw prompts, in which every added token is recognised.
/// </summary>
internal sealed record CompletionRequest
{
    private const int MostPrompts = 256;

    /// <summary>What OpenAI and vLLM give when max_tokens is absent.</summary>
    private const int StandardMaxTokens = 16;

    /// <summary>The name to answer with.</summary>
    public required string Model { get; init; }

    /// <summary>Answers to each prompt, one after the other in the order of choices.</summary>
    public required int ChoicesPerPrompt { get; init; }

    /// <summary>All choices.</summary>
    public int Choices => Prompts.Count * ChoicesPerPrompt;

    /// <summary>Whether answers begin with their prompts.</summary>
    public bool Echo { get; init; }

    /// <summary>True when nothing but the prompt is wanted: a token is chosen all the same, and not shown.</summary>
    public bool IsEchoAlone { get; init; }

    /// <summary>Most probable tokens to report at each place of a prompt, in the newer form; null for none.</summary>
    public int? PromptLogProbs { get; init; }

    /// <summary>What to begin an answer with: the prompt as it was given, or the text of its ids.</summary>
    public required IReadOnlyList<string> PromptTexts { get; init; }

    /// <summary>Ids of each prompt.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <summary>How to answer.</summary>
    public required SamplingFields Fields { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">A field is missing, wrong, unknown or not implemented; the error names
    /// it.</exception>
    public static CompletionRequest Read(JsonElement root, ServedModel served, ReadyModel ready)
    {
        var fields = new RequestFields(root);
        string model = fields.Text("model") ?? served.Names[0];
        ModelsEndpoint.RequireServed(served, model);
        JsonElement prompt = fields.Required("prompt", "a string, an array of strings, or token ids");
        bool echo = fields.Flag("echo") ?? false;
        SamplingFields sampling = SamplingFields.Read(
            fields, ready, StandardMaxTokens, SamplingFields.ReadTop(fields, "logprobs"), leastMaxTokens: echo ? 0 : 1);
        int choices = SamplingFields.ReadChoices(fields);
        fields.RequireAllRead();
        List<int[]> prompts = ReadPrompts(prompt, ready);
        var request = new CompletionRequest
        {
            Model = model,
            Fields = echo ? WithScores(sampling) : sampling,
            Prompts = prompts,
            PromptTexts = echo ? ReadTexts(prompt, prompts, ready) : [],
            ChoicesPerPrompt = choices,
            Echo = echo,
            IsEchoAlone = sampling.MaxTokens == 0,
            PromptLogProbs = sampling.PromptLogProbs,
        };
        return request.Choices <= MostPrompts
            ? request
            : throw RequestFields.Wrong("n", $"at most {MostPrompts} answers to all prompts together", $"{request.Choices}");
    }

    /// <summary>What repeats a prompt reports of its tokens what it reports of the answer's.</summary>
    private static SamplingFields WithScores(SamplingFields fields)
    {
        int? top = fields.Sampling.LogProbs is { } own ? Math.Max(own, fields.PromptLogProbs ?? 0) : fields.PromptLogProbs;
        return fields with { PromptLogProbs = top, MaxTokens = Math.Max(1, fields.MaxTokens!.Value) };
    }

    private static string[] ReadTexts(JsonElement prompt, List<int[]> prompts, ReadyModel ready)
    {
        string[] texts = new string[prompts.Count];
        bool isOne = prompt.ValueKind == JsonValueKind.String || prompt[0].ValueKind == JsonValueKind.Number;
        for (int i = 0; i < texts.Length; i++)
        {
            JsonElement given = isOne ? prompt : prompt[i];
            texts[i] = given.ValueKind == JsonValueKind.String
                ? given.GetString()!
                : ready.Model.Tokenizer?.Decode(prompts[i], skipSpecial: false) ?? "";
        }

        return texts;
    }

    private static List<int[]> ReadPrompts(JsonElement prompt, ReadyModel ready)
    {
        if (prompt.ValueKind == JsonValueKind.String)
            return [Encode(prompt, "prompt", ready)];
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong(
                "prompt", "a string, an array of strings, or token ids",
                prompt.ValueKind == JsonValueKind.Array ? "an empty array" : JsonWords.Show(prompt));
        }

        if (prompt[0].ValueKind == JsonValueKind.Number)
            return [SamplingFields.ReadIds(prompt, "prompt", ready.Model.Config.VocabSize)];
        if (prompt.GetArrayLength() > MostPrompts)
            throw RequestFields.Wrong("prompt", $"at most {MostPrompts} prompts", $"{prompt.GetArrayLength()}");
        var prompts = new List<int[]>(prompt.GetArrayLength());
        foreach (JsonElement item in prompt.EnumerateArray())
        {
            string place = $"prompt[{prompts.Count}]";
            prompts.Add(item.ValueKind switch
            {
                JsonValueKind.String => Encode(item, place, ready),
                JsonValueKind.Array => SamplingFields.ReadIds(item, place, ready.Model.Config.VocabSize),
                _ => throw RequestFields.Wrong(place, "a string or an array of token ids", JsonWords.Show(item)),
            });
        }

        return prompts;
    }

    private static int[] Encode(JsonElement prompt, string place, ReadyModel ready)
    {
        Tokenizer tokenizer = ready.Model.Tokenizer
            ?? throw ApiException.Invalid(
                place, $"{place}: this server serves token ids without a tokenizer; send an array of ids");
        return tokenizer.Encode(PromptText.Trusted(prompt.GetString()!));
    }
}
