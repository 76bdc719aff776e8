using System.Collections.Immutable;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Model;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// The fields that chat and completions share: how tokens are chosen, what ends an answer, how it is sent.
/// </summary>
internal sealed record SamplingFields
{
    private const int MostStops = 16;
    private const int LongestStop = 1024;
    private const int MostBiases = 4096;
    private const int MostTop = 20;
    private const int MostChoices = 128;
    private const int LongestSalt = 1024;

    /// <summary>How tokens are chosen.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <summary>Most tokens of the answer; null: until the context is full.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens before which nothing ends the answer.</summary>
    public int MinTokens { get; init; }

    /// <summary>Ids that end the answer: the model's unless ignored, and the request's.</summary>
    public ImmutableArray<int> StopIds { get; init; } = [];

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>Whether the stopping text stays in the answer.</summary>
    public bool IncludeStop { get; init; }

    /// <summary>Whether special tokens are left out of text.</summary>
    public bool SkipSpecial { get; init; } = true;

    /// <summary>Most probable tokens to report at each place of the prompt; null reports nothing of it.</summary>
    public int? PromptLogProbs { get; init; }

    /// <summary>Whether ids are reported beside text.</summary>
    public bool ReturnTokenIds { get; init; }

    /// <summary>Whom the prompt's cached rows are shared with: requests of the same salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>The form that the answer must have; null for any.</summary>
    public AnswerForm? Form { get; init; }

    /// <summary>Most tokens of reasoning; null: as many as it takes.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>How urgent it is, and how long it waits at most.</summary>
    public WaitTerms Wait { get; init; }

    /// <summary>Whether the answer comes in chunks.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with a chunk of usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Whether every chunk carries the usage so far.</summary>
    public bool ContinuousUsage { get; init; }

    /// <summary>Reads them.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="ready">The model, whose recommendations stand where the request says nothing.</param>
    /// <param name="standardMaxTokens">What an absent max_tokens means.</param>
    /// <param name="logProbs">What the request's own form of logprobs says.</param>
    /// <param name="leastMaxTokens">The least that max_tokens may be.</param>
    public static SamplingFields Read(
        RequestFields fields, ReadyModel ready, int? standardMaxTokens, int? logProbs, int leastMaxTokens = 1)
    {
        bool stream = fields.Flag("stream") ?? false;
        (bool usage, bool continuous) = ReadStreamOptions(fields, stream);
        bool ignoreEos = fields.Flag("ignore_eos") ?? false;
        var read = new SamplingFields
        {
            Sampling = ReadSampling(fields, ready, logProbs),
            MaxTokens = ReadMaxTokens(fields, leastMaxTokens) ?? standardMaxTokens,
            MinTokens = (int)(fields.Whole("min_tokens", 0, int.MaxValue) ?? 0),
            StopIds =
            [
                .. ignoreEos ? [] : ready.EosTokenIds,
                .. ReadIds(fields, "stop_token_ids", ready.Model.Config.VocabSize),
            ],
            Stops = ReadStops(fields, "stop"),
            IncludeStop = fields.Flag("include_stop_str_in_output") ?? false,
            SkipSpecial = fields.Flag("skip_special_tokens") ?? true,
            PromptLogProbs = ReadPromptTop(fields, stream),
            ReturnTokenIds = (fields.Flag("return_token_ids") ?? false) || ready.Model.Tokenizer is null,
            CacheSalt = ReadSalt(fields),
            Form = FormFields.Read(fields, ready),
            Wait = WaitTerms.Read(fields),
            Stream = stream,
            IncludeUsage = usage,
            ContinuousUsage = continuous,
        };
        if (read.Stops.Count > 0 && ready.Model.Tokenizer is null)
        {
            throw ApiException.Invalid(
                "stop", "stop: this server serves token ids without a tokenizer; use stop_token_ids");
        }

        if (read.Form is not null && ignoreEos)
        {
            throw ApiException.Invalid(
                "ignore_eos", "ignore_eos: an answer with a form ends when the form is complete; send one or the other");
        }

        if (read.MinTokens > read.MaxTokens)
        {
            throw ApiException.Invalid(
                "min_tokens", $"min_tokens is {read.MinTokens}, above max_tokens, which is {read.MaxTokens}");
        }

        return read;
    }

    /// <summary>What the engine is asked to continue.</summary>
    /// <param name="prompt">Ids of the prompt.</param>
    /// <param name="headers">The request's, which may say how it waits.</param>
    /// <param name="thinkEnd">The token that ends the reasoning in which the answer begins, after which its form begins; null
    /// when it begins in none.</param>
    /// <param name="call">The token of a tool call, which ends reasoning too.</param>
    public GenerationRequest ToRequest(
        ImmutableArray<int> prompt, IHeaderDictionary headers, int? thinkEnd = null, int? call = null)
    {
        var request = new GenerationRequest
        {
            Prompt = prompt,
            Sampling = Sampling,
            MaxTokens = MaxTokens,
            MinTokens = MinTokens,
            StopIds = StopIds,
            PromptLogProbs = PromptLogProbs,
            CacheSalt = CacheSalt,
            Grammar = Form?.Grammar,
            GrammarAfter = thinkEnd,
            Thinking = ThinkingBudget is { } tokens && thinkEnd is { } close ? new ThinkingBudget(tokens, close, call) : null,
        };
        return Wait.Apply(request, headers);
    }

    /// <summary>One of several answers to a prompt: a seed of its own, the prompt computed once.</summary>
    /// <param name="request">What the engine is asked.</param>
    /// <param name="index">Its number among them.</param>
    /// <param name="first">The first of them; null when this is it.</param>
    public static GenerationRequest ForChoice(GenerationRequest request, int index, Generation? first) => request with
    {
        Sampling = request.Sampling with { Seed = unchecked(request.Sampling.Seed + index) },
        SharesPromptWith = first,
    };

    /// <summary>How many answers each prompt gets.</summary>
    public static int ReadChoices(RequestFields fields) => (int)(fields.Whole("n", 1, MostChoices) ?? 1);

    /// <summary>Reads an array of token ids of the vocabulary; empty when absent.</summary>
    public static int[] ReadIds(RequestFields fields, string name, int vocabulary) =>
        fields.TryGet(name, out JsonElement value) ? ReadIds(value, fields.PathOf(name), vocabulary) : [];

    /// <summary>The same from an element.</summary>
    public static int[] ReadIds(JsonElement value, string place, int vocabulary)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw RequestFields.Wrong(place, "an array of token ids", JsonWords.Show(value));
        int[] ids = new int[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!RequestFields.TryWhole(item, out long id) || id < 0 || id >= vocabulary)
            {
                throw RequestFields.Wrong(
                    $"{place}[{i}]", $"a token id from 0 to {vocabulary - 1}", JsonWords.Show(item));
            }

            ids[i++] = (int)id;
        }

        return ids;
    }

    /// <summary>How tokens are chosen: the part of the fields that every API spells alike.</summary>
    public static SamplingParameters ReadSampling(RequestFields fields, ReadyModel ready, int? logProbs)
    {
        GenerationDefaults advised = ready.Model.Generation;
        float standard = advised.DoSample == false ? 0 : advised.Temperature ?? 1;
        return new SamplingParameters
        {
            Temperature = fields.Number("temperature", 0, 100) ?? standard,
            TopP = Positive(fields, "top_p", 1) ?? advised.TopP ?? 1,
            TopK = ReadTopK(fields) ?? advised.TopK ?? 0,
            MinP = fields.Number("min_p", 0, 1) ?? advised.MinP ?? 0,
            RepetitionPenalty = Positive(fields, "repetition_penalty", 100) ?? advised.RepetitionPenalty ?? 1,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            Seed = fields.Whole("seed", long.MinValue, long.MaxValue),
            LogitBias = ReadBias(fields, ready.Model.Config.VocabSize),
            LogProbs = logProbs,
        };
    }

    private static float? Positive(RequestFields fields, string name, float most)
    {
        float? value = fields.Number(name, 0, most);
        return value is 0 ? throw RequestFields.Wrong(name, $"a number above 0, at most {most}", "0") : value;
    }

    // -1 is how vLLM and SGLang say "all".
    private static int? ReadTopK(RequestFields fields) =>
        (int?)fields.Whole("top_k", -1, int.MaxValue) is { } k ? Math.Max(0, k) : null;

    private static int? ReadMaxTokens(RequestFields fields, int least)
    {
        long? older = fields.Whole("max_tokens", least, int.MaxValue);
        long? newer = fields.Whole("max_completion_tokens", least, int.MaxValue);
        if (older is not null && newer is not null && older != newer)
        {
            throw ApiException.Invalid(
                "max_tokens", $"max_tokens is {older} and max_completion_tokens is {newer}; send one of them");
        }

        return (int?)(newer ?? older);
    }

    private static int? ReadPromptTop(RequestFields fields, bool stream)
    {
        int? top = ReadTop(fields, "prompt_logprobs");
        return top is null || !stream
            ? top
            : throw ApiException.Invalid(
                "prompt_logprobs", "prompt_logprobs are not streamed; leave out stream, or use echo with logprobs in /v1/completions");
    }

    private static (bool Usage, bool Continuous) ReadStreamOptions(RequestFields fields, bool stream)
    {
        RequestFields? options = fields.Nested("stream_options");
        if (options is null)
            return (false, false);
        if (!stream)
            throw ApiException.Invalid("stream_options", "stream_options is only for requests with \"stream\": true");
        bool continuous = options.Flag("continuous_usage_stats") ?? false;
        bool usage = options.Flag("include_usage") ?? continuous;
        // Padding against traffic analysis; none is sent, which is what false asks for.
        _ = options.Flag("include_obfuscation");
        options.RequireAllRead();
        return (usage, continuous);
    }

    private static string? ReadSalt(RequestFields fields)
    {
        string? salt = fields.Text("cache_salt");
        return salt is { Length: 0 or > LongestSalt }
            ? throw RequestFields.Wrong(
                "cache_salt", $"a string of 1 to {LongestSalt} characters", $"one of {salt.Length}")
            : salt;
    }

    /// <summary>Reads texts that end the answer.</summary>
    public static string[] ReadStops(RequestFields fields, string name)
    {
        if (!fields.TryGet(name, out JsonElement value))
            return [];
        string[] stops = value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.String
                ? item.GetString()! : throw RequestFields.Wrong($"{fields.PathOf(name)}[{i}]", "a string", JsonWords.Show(item)))],
            _ => throw fields.Wrong(name, "a string or an array of strings", value),
        };
        if (stops.Length > MostStops)
            throw RequestFields.Wrong(fields.PathOf(name), $"at most {MostStops} strings", $"{stops.Length}");
        foreach (string stop in stops)
        {
            if (stop.Length is 0 or > LongestStop)
                throw RequestFields.Wrong(fields.PathOf(name), $"strings of 1 to {LongestStop} characters", $"one of {stop.Length}");
        }

        return stops;
    }

    private static Dictionary<int, float> ReadBias(RequestFields fields, int vocabulary)
    {
        var biases = new Dictionary<int, float>();
        if (!fields.TryGet("logit_bias", out JsonElement value))
            return biases;
        if (value.ValueKind != JsonValueKind.Object)
            throw fields.Wrong("logit_bias", "an object from token ids to numbers", value);
        foreach (JsonProperty bias in value.EnumerateObject())
        {
            if (!int.TryParse(bias.Name, out int id) || id < 0 || id >= vocabulary)
            {
                throw RequestFields.Wrong(
                    "logit_bias", $"token ids from 0 to {vocabulary - 1} as names", $"'{bias.Name}'");
            }

            if (bias.Value.ValueKind != JsonValueKind.Number || !bias.Value.TryGetSingle(out float added)
                || Math.Abs(added) > 100)
            {
                throw RequestFields.Wrong(
                    $"logit_bias.{bias.Name}", "a number from -100 to 100", JsonWords.Show(bias.Value));
            }

            biases[id] = added;
        }

        return biases.Count <= MostBiases
            ? biases
            : throw RequestFields.Wrong("logit_bias", $"at most {MostBiases} ids", $"{biases.Count}");
    }

    /// <summary>The number of most probable tokens that a request may ask for.</summary>
    public static int? ReadTop(RequestFields fields, string name) => (int?)fields.Whole(name, 0, MostTop);
}
