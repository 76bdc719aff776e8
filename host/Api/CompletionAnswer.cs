using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>What the tokens of one raw completion become: text as it is, cut at a stop string.</summary>
internal sealed class CompletionAnswer
{
    private readonly ReadyModel _ready;
    private readonly CompletionRequest _request;
    private readonly SamplingFields _fields;
    private readonly Generation _generation;
    private readonly int _prompt;
    private readonly IncrementalDetokenizer? _text;
    private readonly StopStrings _stops;
    private readonly TokenLog _log;
    private readonly CompletionLog? _logProbs;
    private int? _stopId;
    private bool _began, _scored;

    /// <summary>An answer of which nothing has come.</summary>
    public CompletionAnswer(ReadyModel ready, CompletionRequest request, int choice, Generation generation)
    {
        (_ready, _request, _fields, _generation) = (ready, request, request.Fields, generation);
        _prompt = choice / request.ChoicesPerPrompt;
        Tokenizer? tokenizer = ready.Model.Tokenizer;
        _text = tokenizer is null ? null : new IncrementalDetokenizer(tokenizer, _fields.SkipSpecial);
        _stops = new StopStrings(_fields.Stops, _fields.IncludeStop);
        _log = new TokenLog(tokenizer, _fields.ReturnTokenIds, _fields.Sampling.LogProbs is not null);
        _logProbs = _fields.Sampling.LogProbs is { } top ? new CompletionLog(_log, top) : null;
    }

    /// <summary>True when the answer is complete although more tokens may come.</summary>
    public bool HasEnded => _stops.Found is not null || (_request.IsEchoAlone && _began);

    /// <summary>Tokens taken, the stop id included.</summary>
    public int Tokens { get; private set; }

    /// <summary>Tokens of the prompt whose rows the prefix cache had.</summary>
    public int CachedTokens => _generation.CachedTokens;

    /// <summary>True when tokens wait to be reported.</summary>
    public bool HasTokens => _log.IsPending;

    /// <summary>Takes a token and returns the text it adds, behind the prompt where that is repeated.</summary>
    public string Take(in SampledToken token)
    {
        if (_began || !_request.Echo)
            return TakeOwn(token);
        _began = true;
        _logProbs?.AddPrompt(_request.Prompts[_prompt][0], _generation.PromptScores);
        string prompt = _request.PromptTexts[_prompt];
        return _request.IsEchoAlone ? prompt : prompt + TakeOwn(token);
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
    public string Reason(FinishReason? finish) =>
        _request.IsEchoAlone || (finish == FinishReason.Length && !HasEnded) ? "length" : "stop";

    /// <summary>Writes the choice's fields after its text; what is reported is forgotten.</summary>
    public void WriteRest(Utf8JsonWriter json, string? reason)
    {
        if (_logProbs is not null)
            _logProbs.Write(json);
        else
            json.WriteNull(Names.LogProbs);
        if (_request.PromptLogProbs is { } top && !_scored)
            PromptLog.Write(json, _generation.PromptScores, top, _ready.Model.Tokenizer);
        _scored = true;
        _log.WriteIds(json);
        _log.Clear();
        json.WriteString(Names.FinishReason, reason);
        if (reason is not null)
        {
            StopReason.Write(
                json, (_stops.Found, HasEnded || _stopId is not { } id || _ready.EosTokenIds.Contains(id) ? null : id));
        }
    }

    private string TakeOwn(in SampledToken token)
    {
        Tokens++;
        _log.Add(token);
        if (_fields.StopIds.Contains(token.Token))
        {
            _stopId = token.Token;
            return _fields.IncludeStop && _text is not null
                ? _stops.Append(_ready.Model.Tokenizer!.Decode([token.Token], skipSpecial: false))
                : "";
        }

        string text = _text?.Append(token.Token) ?? "";
        return Tokens > _fields.MinTokens ? _stops.Append(text) : text;
    }
}
