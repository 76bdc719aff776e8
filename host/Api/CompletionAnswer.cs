using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>What the tokens of one raw completion become: text as it is, cut at a stop string.</summary>
internal sealed class CompletionAnswer(ReadyModel ready, SamplingFields fields, Generation generation)
{
    private readonly IncrementalDetokenizer? _text =
        ready.Model.Tokenizer is null ? null : new IncrementalDetokenizer(ready.Model.Tokenizer, fields.SkipSpecial);

    private readonly StopStrings _stops = new(fields.Stops, fields.IncludeStop);
    private readonly TokenLog _log = new(
        ready.Model.Tokenizer, fields.ReturnTokenIds, fields.Sampling.LogProbs is not null);
    private int? _stopId;
    private int _offset;

    /// <summary>True when the answer is complete although more tokens may come.</summary>
    public bool HasEnded => _stops.Found is not null;

    /// <summary>Tokens taken, the stop id included.</summary>
    public int Tokens { get; private set; }

    /// <summary>Tokens of the prompt whose rows the prefix cache had.</summary>
    public int CachedTokens => generation.CachedTokens;

    /// <summary>True when tokens wait to be reported.</summary>
    public bool HasTokens => _log.IsPending;

    /// <summary>Takes a token and returns the text it adds.</summary>
    public string Take(in SampledToken token)
    {
        Tokens++;
        _log.Add(token);
        if (fields.StopIds.Contains(token.Token))
        {
            _stopId = token.Token;
            return fields.IncludeStop && _text is not null
                ? _stops.Append(ready.Model.Tokenizer!.Decode([token.Token], skipSpecial: false))
                : "";
        }

        string text = _text?.Append(token.Token) ?? "";
        return Tokens > fields.MinTokens ? _stops.Append(text) : text;
    }

    /// <summary>Ends the answer and returns what was held back.</summary>
    public string Finish()
    {
        if (HasEnded)
            return "";
        string last = _stops.Append(_text?.Flush() ?? "");
        return last + _stops.Flush();
    }

    /// <summary>Why it ended, in the API's word.</summary>
    public string Reason(FinishReason? finish) => finish == FinishReason.Length && !HasEnded ? "length" : "stop";

    /// <summary>Writes the choice's fields after its text; what is reported is forgotten.</summary>
    public void WriteRest(Utf8JsonWriter json, string? reason)
    {
        if (fields.Sampling.LogProbs is not null)
            WriteLogProbs(json);
        else
            json.WriteNull(Names.LogProbs);
        _log.WriteIds(json);
        _log.Clear();
        json.WriteString(Names.FinishReason, reason);
        if (reason is not null)
        {
            StopReason.Write(
                json, (_stops.Found, HasEnded || _stopId is not { } id || ready.EosTokenIds.Contains(id) ? null : id));
        }
    }

    // The older form: parallel arrays, and the most probable tokens by their text.
    private void WriteLogProbs(Utf8JsonWriter json)
    {
        IReadOnlyList<SampledToken> tokens = _log.Tokens;
        json.WriteStartObject(Names.LogProbs);
        json.WriteStartArray("tokens"u8);
        foreach (SampledToken token in tokens)
            json.WriteStringValue(_log.TextOf(token.Token));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (SampledToken token in tokens)
            json.WriteNumberValue(TokenLog.Finite(token.LogProb));
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (SampledToken token in tokens)
            WriteTop(json, token);
        json.WriteEndArray();
        json.WriteStartArray("text_offset"u8);
        foreach (SampledToken token in tokens)
        {
            json.WriteNumberValue(_offset);
            _offset += _log.TextOf(token.Token).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteTop(Utf8JsonWriter json, SampledToken token)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (TokenLogProb top in token.Top ?? [])
        {
            // Parts of characters share a text; a name may stand once only, and the most probable comes first.
            string text = _log.TextOf(top.Token);
            if (written.Add(text))
                json.WriteNumber(text, TokenLog.Finite(top.LogProb));
        }

        json.WriteEndObject();
    }
}
