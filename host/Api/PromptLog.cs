using System.Text.Json;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;

namespace Glm5.Host.Api;

/// <summary>
/// Writes vLLM's <c>prompt_logprobs</c>: an entry for each token of the prompt, null for the first, then an object from ids to
/// log probability, rank and text: the token that stands there, and the most probable ones.
/// </summary>
internal static class PromptLog
{
    /// <summary>Writes it as a field.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="scores">The tokens from the second on.</param>
    /// <param name="top">How many of the most probable ones were asked for.</param>
    /// <param name="tokenizer">Tells texts; null when token ids are served.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ScoredToken> scores, int top, Tokenizer? tokenizer)
    {
        json.WriteStartArray("prompt_logprobs"u8);
        json.WriteNullValue();
        foreach (ScoredToken score in scores)
        {
            json.WriteStartObject();
            WriteToken(json, score.Token, score.LogProb, score.Rank, tokenizer);
            for (int rank = 0; rank < Math.Min(top, score.Top.Length); rank++)
            {
                (int token, float logProb) = score.Top[rank];
                if (token != score.Token)
                    WriteToken(json, token, logProb, rank + 1, tokenizer);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteToken(Utf8JsonWriter json, int token, float logProb, int rank, Tokenizer? tokenizer)
    {
        json.WriteStartObject($"{token}");
        json.WriteNumber("logprob"u8, TokenLog.Finite(logProb));
        json.WriteNumber("rank"u8, rank);
        json.WriteString("decoded_token"u8, TokenLog.TextOf(token, tokenizer));
        json.WriteEndObject();
    }
}
