using System.Text.Json;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api;

/// <summary>
/// Writes the older form of log probabilities: parallel arrays over the tokens of a completion, of its prompt too where that
/// is repeated, and the most probable tokens by their text.
/// </summary>
/// <param name="log">Gives texts.</param>
/// <param name="top">How many of the most probable tokens were asked for.</param>
internal sealed class CompletionLog(TokenLog log, int top)
{
    private readonly List<Entry> _entries = [];
    private int _offset;

    /// <summary>Adds a prompt: of its first token nothing is known.</summary>
    public void AddPrompt(int first, IReadOnlyList<ScoredToken> rest)
    {
        _entries.Add(new Entry(first, null, null));
        foreach (ScoredToken score in rest)
            _entries.Add(new Entry(score.Token, score.LogProb, score.Top));
    }

    /// <summary>Writes what was added and the tokens of the answer that are not reported yet, and forgets the former.</summary>
    public void Write(Utf8JsonWriter json)
    {
        foreach (SampledToken token in log.Tokens)
            _entries.Add(new Entry(token.Token, token.LogProb, token.Top ?? []));
        json.WriteStartObject(Names.LogProbs);
        WriteTexts(json);
        WriteLogProbs(json);
        WriteTops(json);
        WriteOffsets(json);
        json.WriteEndObject();
        _entries.Clear();
    }

    private void WriteTexts(Utf8JsonWriter json)
    {
        json.WriteStartArray("tokens"u8);
        foreach (Entry entry in _entries)
            json.WriteStringValue(log.TextOf(entry.Token));
        json.WriteEndArray();
    }

    private void WriteLogProbs(Utf8JsonWriter json)
    {
        json.WriteStartArray("token_logprobs"u8);
        foreach (Entry entry in _entries)
        {
            if (entry.LogProb is { } logProb)
                json.WriteNumberValue(TokenLog.Finite(logProb));
            else
                json.WriteNullValue();
        }

        json.WriteEndArray();
    }

    private void WriteTops(Utf8JsonWriter json)
    {
        json.WriteStartArray("top_logprobs"u8);
        foreach (Entry entry in _entries)
        {
            if (entry.Top is { } tokens)
                WriteTop(json, tokens);
            else
                json.WriteNullValue();
        }

        json.WriteEndArray();
    }

    private void WriteTop(Utf8JsonWriter json, TokenLogProb[] tokens)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (TokenLogProb token in tokens.AsSpan(0, Math.Min(top, tokens.Length)))
        {
            // Parts of characters share a text; a name may stand once only, and the most probable comes first.
            string text = log.TextOf(token.Token);
            if (written.Add(text))
                json.WriteNumber(text, TokenLog.Finite(token.LogProb));
        }

        json.WriteEndObject();
    }

    private void WriteOffsets(Utf8JsonWriter json)
    {
        json.WriteStartArray("text_offset"u8);
        foreach (Entry entry in _entries)
        {
            json.WriteNumberValue(_offset);
            _offset += log.TextOf(entry.Token).Length;
        }

        json.WriteEndArray();
    }

    private readonly record struct Entry(int Token, float? LogProb, TokenLogProb[]? Top);
}
