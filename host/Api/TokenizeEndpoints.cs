using System.Text;
using System.Text.Json;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// <c>POST /tokenize</c> and <c>/detokenize</c>, in vLLM's form: what a prompt or a conversation is to the model.
/// </summary>
internal static class TokenizeEndpoints
{
    public static async Task TokenizeAsync(HttpContext http)
    {
        ReadyModel ready = Readiness.Require(http);
        Tokenizer tokenizer = RequireTokenizer(ready);
        using RequestBody body = await RequestBody.ReadAsync(http);
        var fields = new RequestFields(body.Root);
        RequireModel(http, fields);
        PromptText text = ReadText(fields, ready);
        bool withTexts = fields.Flag("return_token_strs") ?? false;
        _ = fields.Flag("add_special_tokens"); // This tokenizer adds none by itself; those in the text are recognised.
        fields.RequireAllRead();
        int[] tokens = tokenizer.Encode(text);
        string[]? texts = withTexts
            ? [.. tokens.Select(token => Encoding.UTF8.GetString(tokenizer.BytesOf(token)))]
            : null;
        await http.Response.WriteAsJsonAsync(
            new TokenizeAnswer(
                tokens.Length, ready.Model.ContextLength, tokens, texts), WireJson.Readable.TokenizeAnswer);
    }

    public static async Task DetokenizeAsync(HttpContext http)
    {
        ReadyModel ready = Readiness.Require(http);
        Tokenizer tokenizer = RequireTokenizer(ready);
        using RequestBody body = await RequestBody.ReadAsync(http);
        var fields = new RequestFields(body.Root);
        RequireModel(http, fields);
        JsonElement given = fields.Required("tokens", "an array of token ids");
        fields.RequireAllRead();
        int[] tokens = SamplingFields.ReadIds(given, "tokens", ready.Model.Config.VocabSize);
        await http.Response.WriteAsJsonAsync(
            new DetokenizeAnswer(tokenizer.Decode(tokens, skipSpecial: false)), WireJson.Readable.DetokenizeAnswer);
    }

    private static PromptText ReadText(RequestFields fields, ReadyModel ready)
    {
        if (!fields.TryGet("prompt", out JsonElement prompt))
            return ChatPrompt.Render(ready, ChatRequest.ReadTemplate(fields));
        return prompt.ValueKind == JsonValueKind.String
            ? PromptText.Trusted(prompt.GetString()!)
            : throw fields.Wrong("prompt", "a string", prompt);
    }

    private static void RequireModel(HttpContext http, RequestFields fields)
    {
        if (fields.Text("model") is { } name)
            ModelsEndpoint.RequireServed(http.RequestServices.GetRequiredService<ServedModel>(), name);
    }

    private static Tokenizer RequireTokenizer(ReadyModel ready) => ready.Model.Tokenizer
        ?? throw new ApiException(StatusCodes.Status400BadRequest, "this server serves token ids without a tokenizer");
}
