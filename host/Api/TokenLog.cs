using System.Text;
using System.Text.Json;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Tokens that were taken and not yet reported: their ids, and their log probabilities in chat's form, one entry for
/// each token of <c>completion_tokens</c>. Keeps nothing unless one of them was asked for.
/// </summary>
internal sealed class TokenLog(Tokenizer? tokenizer, bool withIds, bool withLogProbs)
{
    /// <summary>JSON has no minus infinity; this is what vLLM writes for it.</summary>
    private const float Least = -9999;

    private readonly List<SampledToken> _tokens = [];

    /// <summary>A log of what a request asked for.</summary>
    public static TokenLog Of(ReadyModel ready, SamplingFields fields) =>
        new(ready.Model.Tokenizer, fields.ReturnTokenIds, fields.Sampling.LogProbs is not null);

    /// <summary>True when there is something to report.</summary>
    public bool IsPending => _tokens.Count > 0;

    /// <summary>Tokens not reported yet.</summary>
    public IReadOnlyList<SampledToken> Tokens => _tokens;

    /// <summary>Keeps a token.</summary>
    public void Add(in SampledToken token)
    {
        if (withIds || withLogProbs)
            _tokens.Add(token);
    }

    /// <summary>Writes <c>logprobs</c> and <c>token_ids</c> where they were asked for.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (withLogProbs)
            WriteLogProbs(json);
        WriteIds(json);
    }

    /// <summary>Writes <c>token_ids</c> where they were asked for.</summary>
    public void WriteIds(Utf8JsonWriter json)
    {
        if (!withIds)
            return;
        json.WriteStartArray(Names.TokenIds);
        foreach (SampledToken token in _tokens)
            json.WriteNumberValue(token.Token);
        json.WriteEndArray();
    }

    /// <summary>Forgets what was reported.</summary>
    public void Clear() => _tokens.Clear();

    /// <summary>A token's text; half characters are U+FFFD.</summary>
    public string TextOf(int token) => TextOf(token, tokenizer);

    /// <summary>The same by a tokenizer, or by none.</summary>
    public static string TextOf(int token, Tokenizer? tokenizer) =>
        tokenizer is null ? $"token_id:{token}" : Encoding.UTF8.GetString(tokenizer.BytesOf(token));

    /// <summary>A log probability that JSON can hold.</summary>
    public static float Finite(float logProb) => float.IsFinite(logProb) ? logProb : Least;

    private void WriteLogProbs(Utf8JsonWriter json)
    {
        json.WriteStartObject(Names.LogProbs);
        json.WriteStartArray(Names.Content);
        foreach (SampledToken token in _tokens)
        {
            json.WriteStartObject();
            WriteToken(json, token.Token, token.LogProb);
            json.WriteStartArray("top_logprobs"u8);
            foreach (TokenLogProb top in token.Top ?? [])
            {
                json.WriteStartObject();
                WriteToken(json, top.Token, top.LogProb);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter json, int token, float logProb)
    {
        json.WriteString("token"u8, TextOf(token));
        json.WriteNumber("logprob"u8, Finite(logProb));
        json.WriteStartArray("bytes"u8);
        foreach (byte value in tokenizer is null ? [] : tokenizer.BytesOf(token))
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
