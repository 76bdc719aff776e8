using System.Security.Cryptography;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// What the tokens of one chat's answer become: reasoning, content and tool calls, cut at a stop string. Streamed and
/// whole answers pass through here alike. Stop strings are looked for in content alone: they are the user's words about
/// visible text, and a thought that mentions one must not end the answer.
/// </summary>
internal sealed class ChatAnswer
{
    private readonly SamplingFields _fields;
    private readonly ChatRequest _request;
    private readonly Generation _generation;
    private readonly Tokenizer _tokenizer;
    private readonly ChatOutput _output;
    private readonly List<OutputPart> _parts = [];
    private readonly List<OutputPart> _shown = [];
    private readonly List<string> _callIds = [];
    private readonly int? _endOfThinking;
    private readonly int? _toolCall;
    private StopStrings _stops;
    private bool _reasons;
    private int? _stopId;

    public ChatAnswer(ReadyModel ready, ChatRequest request, Generation generation, bool startsInReasoning)
    {
        Tokenizer tokenizer = _tokenizer = ready.Model.Tokenizer!;
        JsonElement? tools = request.Template.Tools;
        (_request, _generation, _fields, _reasons) = (request, generation, request.Fields, startsInReasoning);
        _output = new ChatOutput(tokenizer, tools, startsInReasoning);
        _stops = new StopStrings(_fields.Stops, _fields.IncludeStop);
        _endOfThinking = tokenizer.AddedTokenId("</think>");
        _toolCall = tools is null ? null : tokenizer.AddedTokenId("<tool_call>");
    }

    /// <summary>What the last token, or the end, added. Valid until the next.</summary>
    public List<OutputPart> Shown => _shown;

    /// <summary>True when the answer is complete although more tokens may come.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>True when the next token is there already.</summary>
    public bool HasNext => _generation.HasNext;

    /// <summary>Tokens taken, the stop id included.</summary>
    public int Tokens { get; private set; }

    /// <summary>Those of them that were reasoning, its closing tag included.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>What the request has used so far.</summary>
    public Usage Usage => new(_generation.PromptTokens, _generation.CachedTokens, Tokens, ReasoningTokens);

    /// <summary>The id by which a tool call's result is sent back.</summary>
    public string CallId(int call) => _callIds[call];

    /// <summary>Takes the next token.</summary>
    public void Take(in SampledToken token)
    {
        _shown.Clear();
        Tokens++;
        bool ends = _fields.StopIds.Contains(token.Token);
        if (ends)
            _stopId = token.Token;
        else
            Count(token.Token);

        // The end of a turn is part of the answer's form; an ordinary token that the request named is no part of its
        // text.
        if (ends && !_fields.IncludeStop && !_tokenizer.IsSpecial(token.Token))
            return;
        _parts.Clear();
        _output.Append(token.Token, _parts);
        Show();
    }

    /// <summary>Ends the answer: what was held back is shown.</summary>
    public void Finish()
    {
        _shown.Clear();
        if (HasEnded)
            return;
        _parts.Clear();
        _output.Finish(_parts);
        Show();
        if (!HasEnded)
            Add(new OutputPart(OutputKind.Content, _stops.Flush()));
    }

    /// <summary>Why it ended, in the API's word.</summary>
    public string Reason(FinishReason? finish)
    {
        if (finish == FinishReason.Length && !HasEnded)
            return "length";
        return _callIds.Count > 0 ? "tool_calls" : "stop";
    }

    /// <summary>The stop string or stop id that the request named and that ended it.</summary>
    public (string? Text, int? Id) StopReason(ReadyModel ready) =>
        (_stops.Found, _stops.Found is null && _stopId is { } id && !ready.EosTokenIds.Contains(id) ? id : null);

    private void Count(int token)
    {
        if (!_reasons)
            return;
        _reasons = token != _endOfThinking && token != _toolCall;
        if (token != _toolCall)
            ReasoningTokens++;
    }

    private void Show()
    {
        foreach (OutputPart part in _parts)
        {
            if (HasEnded)
                return;
            ShowPart(part);
        }
    }

    private void ShowPart(OutputPart part)
    {
        switch (part.Kind)
        {
            case OutputKind.Content:
                // Before min_tokens nothing ends the answer, a stop string neither.
                Add(part with { Text = Tokens > _fields.MinTokens ? _stops.Append(part.Text) : part.Text });
                HasEnded = _stops.Found is not null;
                break;
            case OutputKind.Reasoning:
                if (_request.IncludeReasoning)
                    Add(part);
                break;
            case OutputKind.ToolCallName when part.Call > 0 && !_request.ParallelToolCalls:
                HasEnded = true;
                break;
            case OutputKind.ToolCallName:
                // A stop string does not reach over a call.
                Add(new OutputPart(OutputKind.Content, _stops.Flush()));
                _stops = new StopStrings(_fields.Stops, _fields.IncludeStop);
                _callIds.Add($"call_{RandomNumberGenerator.GetHexString(24, lowercase: true)}");
                _shown.Add(part);
                break;
            default:
                Add(part);
                break;
        }
    }

    private void Add(OutputPart part)
    {
        if (part.Text.Length > 0)
            _shown.Add(part);
    }
}
