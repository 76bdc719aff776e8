using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Tokenization;

namespace Glm5.Host.Api;

/// <summary>An answer to take apart, given as text or as token ids: a line of <c>glm5 parse</c>.</summary>
internal sealed record ParseRequest
{
    /// <summary>The answer as text, in which the strings of tags are tags; null when it is given as ids.</summary>
    public string? Text { get; private init; }

    /// <summary>The answer as ids; null when it is given as text.</summary>
    public int[]? TokenIds { get; private init; }

    /// <summary>The request's tools; null when it had none.</summary>
    public JsonElement? Tools { get; private init; }

    /// <summary>True when the prompt ended inside of a think block.</summary>
    public bool StartsInReasoning { get; private init; }

    /// <summary>Code points of the text before which it is cut into pieces.</summary>
    public int[] Cuts { get; private init; } = [];

    /// <summary>False when the model was cut off, true when it ended the answer itself.</summary>
    public bool Complete { get; private init; } = true;

    /// <summary>Reads a request.</summary>
    /// <exception cref="ApiException">A field is missing, wrong or unknown; the error names it.</exception>
    public static ParseRequest Read(JsonElement root)
    {
        var fields = new RequestFields(root);
        string? text = fields.Text("text");
        int[]? ids = fields.TryGet("token_ids", out JsonElement given)
            ? SamplingFields.ReadIds(given, "token_ids", int.MaxValue)
            : null;
        if (text is null == ids is null)
            throw ApiException.Invalid("text", "expected either text or token_ids", "missing_field");
        var request = new ParseRequest
        {
            Text = text,
            TokenIds = ids,
            Tools = ReadTools(fields),
            StartsInReasoning = fields.Flag("starts_in_reasoning") ?? false,
            Cuts = ReadCuts(fields, text),
            Complete = ReadComplete(fields),
        };
        fields.RequireAllRead();
        return request;
    }

    /// <summary>Reads an array of tools; null when there is none.</summary>
    public static JsonElement? ReadTools(RequestFields fields)
    {
        if (!fields.TryGet("tools", out JsonElement tools))
            return null;
        return tools.ValueKind == JsonValueKind.Array ? tools : throw fields.Wrong("tools", "an array of tools", tools);
    }

    /// <summary>Takes the answer apart.</summary>
    /// <param name="tokenizer">Whose ids they are; null when only texts can be read.</param>
    /// <exception cref="ApiException">Ids without a tokenizer, or ids that it does not have.</exception>
    public ParsedAnswer Parse(Tokenizer? tokenizer)
    {
        List<OutputPart> parts = [];
        if (Text is not null)
            ParseText(parts);
        else
            ParseIds(tokenizer, parts);
        return ParsedAnswer.Of(parts, Complete);
    }

    private static int[] ReadCuts(RequestFields fields, string? text)
    {
        if (!fields.TryGet("cuts", out _))
            return [];
        if (text is null)
        {
            throw ApiException.Invalid(
                "cuts", "cuts are positions in text; token ids come one by one", "invalid_value");
        }

        int length = text.EnumerateRunes().Count();
        int[] cuts = SamplingFields.ReadIds(fields.Required("cuts", "an array"), "cuts", int.MaxValue);
        Array.Sort(cuts);
        return cuts.Length == 0 || cuts[^1] <= length
            ? cuts
            : throw RequestFields.Wrong("cuts", $"positions from 0 to {length}", $"{cuts[^1]}");
    }

    private static bool ReadComplete(RequestFields fields) => fields.Text("finish_reason") switch
    {
        null or "stop" or "tool_calls" => true,
        "length" => false,
        { } other => throw RequestFields.Wrong("finish_reason", "stop, tool_calls or length", $"\"{other}\""),
    };

    private void ParseText(List<OutputPart> parts)
    {
        var output = new TaggedOutput(Tools, StartsInReasoning);
        int at = 0, runes = 0, from = 0;
        foreach (int cut in Cuts)
        {
            for (; runes < cut; runes++)
                at += char.IsHighSurrogate(Text![at]) ? 2 : 1;
            output.Append(Text![from..at], parts);
            from = at;
        }

        output.Append(Text![from..], parts);
        output.Finish(Complete, parts);
    }

    private void ParseIds(Tokenizer? tokenizer, List<OutputPart> parts)
    {
        if (tokenizer is null)
        {
            throw ApiException.Invalid(
                "token_ids", "token_ids need the model whose they are: --model FOLDER", "no_model");
        }

        var output = new ChatOutput(tokenizer, Tools, StartsInReasoning);
        for (int i = 0; i < TokenIds!.Length; i++)
        {
            if (!tokenizer.IsNamed(TokenIds[i]))
            {
                throw RequestFields.Wrong(
                    $"token_ids[{i}]", "an id of the model's vocabulary", $"{TokenIds[i]}");
            }

            output.Append(TokenIds[i], parts);
        }

        output.Finish(Complete, parts);
    }
}
