using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Glm5.Host.Api;

namespace Glm5.Tests.Clients.Api;

/// <summary>
/// What is wrong with a request is said in the shape that OpenAI's clients read, with the field at fault.
/// </summary>
[TestClass]
public sealed class BadRequestTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Completion = "/v1/completions";
    private const string Hi = "\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]";

    [TestMethod]
    // Not JSON, or not an object.
    [DataRow(Chat, "", null, "no body")]
    [DataRow(Chat, "{", null, "not valid JSON at line 1")]
    [DataRow(Chat, "{\"messages\": [],}", null, "not valid JSON")]
    [DataRow(Chat, "[]", null, "an array; expected a JSON object")]
    [DataRow(Chat, "{\"stream\": true, \"stream\": false}", null, "not valid JSON")]
    [DataRow(Chat, "{\"messages\": \"\\ud83d\"}", null, "half of a surrogate pair")]
    // Messages.
    [DataRow(Chat, "{}", "messages", "messages is missing")]
    [DataRow(Chat, "{\"messages\": []}", "messages", "at least one message")]
    [DataRow(Chat, "{\"messages\": \"Hi\"}", "messages", "got \"Hi\"")]
    [DataRow(Chat, "{\"messages\": [1]}", "messages[0]", "expected an object")]
    [DataRow(Chat, "{\"messages\": [{\"content\": \"Hi\"}]}", "messages[0].role", "is missing")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"boss\", \"content\": \"Hi\"}]}", "messages[0].role", "got \"boss\"")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"user\"}]}", "messages[0].content", "is missing")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"user\", \"content\": 5}]}", "messages[0].content", "got 5")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}", "messages[0].content[0].type", "'image_url' is not implemented")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": \"[1]\"}}]}]}",
        "messages[0].tool_calls[0].function.arguments", "a JSON object")]
    [DataRow(Chat, "{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": \"{x\"}}]}]}",
        "messages[0].tool_calls[0].function.arguments", "not valid JSON")]
    // Tools.
    [DataRow(Chat, "{" + Hi + ", \"tools\": {}}", "tools", "an array of tools")]
    [DataRow(Chat, "{" + Hi + ", \"tools\": [{\"type\": \"web_search\"}]}", "tools[0].type", "'web_search' is not implemented")]
    [DataRow(Chat, "{" + Hi + ", \"tools\": [{\"type\": \"function\", \"function\": {}}]}", "tools[0].function.name", "is missing")]
    [DataRow(Chat, "{" + Hi + ", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameter\": {}}}]}", "tools[0].function.parameter", "not a field")]
    [DataRow(Chat, "{" + Hi + ", \"tools\": [{\"type\": \"function\", \"name\": \"f\", \"function\": {\"name\": \"f\"}}]}", "tools[0].name", "not a field")]
    // Values.
    [DataRow(Chat, "{" + Hi + ", \"temperature\": \"hot\"}", "temperature", "expected a number from 0 to 100, got \"hot\"")]
    [DataRow(Chat, "{" + Hi + ", \"temperature\": -1}", "temperature", "got -1")]
    [DataRow(Chat, "{" + Hi + ", \"temperature\": 1e999}", "temperature", "got 1e999")]
    [DataRow(Chat, "{" + Hi + ", \"top_p\": 0}", "top_p", "above 0")]
    [DataRow(Chat, "{" + Hi + ", \"top_k\": 1.5}", "top_k", "a whole number")]
    [DataRow(Chat, "{" + Hi + ", \"max_tokens\": 0}", "max_tokens", "at least 1")]
    [DataRow(Chat, "{" + Hi + ", \"max_tokens\": 5, \"max_completion_tokens\": 6}", "max_tokens", "send one of them")]
    [DataRow(Chat, "{" + Hi + ", \"min_tokens\": 9, \"max_tokens\": 5}", "min_tokens", "above max_tokens")]
    [DataRow(Chat, "{" + Hi + ", \"cache_salt\": \"\"}", "cache_salt", "a string of 1 to 1024 characters")]
    [DataRow(Chat, "{" + Hi + ", \"stream\": 1}", "stream", "true or false")]
    [DataRow(Chat, "{" + Hi + ", \"stream_options\": {}}", "stream_options", "only for requests with")]
    [DataRow(Chat, "{" + Hi + ", \"stream\": true, \"stream_options\": {\"include\": true}}", "stream_options.include", "not a field")]
    [DataRow(Chat, "{" + Hi + ", \"stop\": [1]}", "stop[0]", "a string")]
    [DataRow(Chat, "{" + Hi + ", \"stop\": \"\"}", "stop", "1 to 1024 characters")]
    [DataRow(Chat, "{" + Hi + ", \"stop_token_ids\": [1280]}", "stop_token_ids[0]", "from 0 to 1279, got 1280")]
    [DataRow(Chat, "{" + Hi + ", \"logit_bias\": {\"x\": 1}}", "logit_bias", "token ids from 0 to 1279")]
    [DataRow(Chat, "{" + Hi + ", \"logit_bias\": {\"1\": 101}}", "logit_bias.1", "from -100 to 100")]
    [DataRow(Chat, "{" + Hi + ", \"logprobs\": 3}", "logprobs", "true or false")]
    [DataRow(Chat, "{" + Hi + ", \"top_logprobs\": 3}", "top_logprobs", "only for requests with")]
    [DataRow(Chat, "{" + Hi + ", \"logprobs\": true, \"top_logprobs\": 21}", "top_logprobs", "from 0 to 20")]
    [DataRow(Chat, "{" + Hi + ", \"seed\": 1e30}", "seed", "a whole number")]
    // Known and not implemented, or not known.
    [DataRow(Chat, "{" + Hi + ", \"n\": 0}", "n", "a whole number from 1 to 128")]
    [DataRow(Chat, "{" + Hi + ", \"functions\": []}", "functions", "send tools")]
    [DataRow(Chat, "{" + Hi + ", \"skip_special_tokens\": false}", "skip_special_tokens", "not implemented for chats")]
    [DataRow(Chat, "{" + Hi + ", \"max_token\": 5}", "max_token", "not a field that this server knows")]
    [DataRow(Chat, "{" + Hi + ", \"chat_template_kwargs\": {\"messages\": []}}", "chat_template_kwargs.messages", "as a field of the request")]
    [DataRow(Chat, "{" + Hi + ", \"echo\": true}", "echo", "not implemented")]
    [DataRow(Chat, "{" + Hi + ", \"prompt_logprobs\": 1, \"stream\": true}", "prompt_logprobs", "not streamed")]
    [DataRow(Chat, "{" + Hi + ", \"prompt_logprobs\": -1}", "prompt_logprobs", "from 0 to 20")]
    [DataRow(Completion, "{\"prompt\": \"x\", \"max_tokens\": 0}", "max_tokens", "at least 1")]
    [DataRow(Completion, "{\"prompt\": \"x\", \"suffix\": \"y\"}", "suffix", "not implemented")]
    [DataRow(Completion, "{\"prompt\": \"x\", \"best_of\": 3}", "best_of", "not implemented")]
    [DataRow(Completion, "{}", "prompt", "prompt is missing")]
    [DataRow(Completion, "{\"prompt\": []}", "prompt", "an empty array")]
    [DataRow(Completion, "{\"prompt\": [[]]}", "prompt", "at least one token")]
    [DataRow(Completion, "{\"prompt\": [1, -1]}", "prompt[1]", "from 0 to 1279, got -1")]
    [DataRow(Completion, "{\"prompt\": [\"x\", 1]}", "prompt[1]", "a string or an array of token ids")]
    [DataRow(Completion, "{\"prompt\": \"x\", \"max_tokens\": 5000}", "max_tokens", "4096")]
    [DataRow("/tokenize", "{\"prompt\": 1}", "prompt", "a string")]
    [DataRow("/detokenize", "{\"tokens\": [99999]}", "tokens[0]", "from 0 to 1279")]
    public async Task A_wrong_request_is_refused_with_the_field_and_the_reason(
        string path, string body, string? field, string words)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(path, body);
        Assert.AreEqual(HttpStatusCode.BadRequest, status, answer.ToString());
        Assert.Contains(words, answer.At("error", "message").GetString()!);
        Assert.AreEqual(field, answer.At("error", "param").GetString());
        Assert.AreEqual("invalid_request_error", answer.At("error", "type").GetString());
        Assert.IsTrue(answer.At("error").TryGetProperty("code", out _));
    }

    [TestMethod]
    [DataRow("[[]]", 16, "invalid_value")]
    [DataRow("\"x\"", 5000, "context_length_exceeded")]
    public async Task Only_what_does_not_fit_the_context_has_its_code(string prompt, int maxTokens, string code)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(
            Completion, $$"""{"prompt": {{prompt}}, "max_tokens": {{maxTokens}}}""");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.AreEqual(code, answer.At("error", "code").GetString());
    }

    [TestMethod]
    public async Task Arguments_nested_too_deeply_are_refused_at_their_field_and_others_are_served()
    {
        RunningServer server = await SharedServer.Server;
        for (int depth = 50; depth <= 70; depth++)
        {
            string nested = string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1);
            (HttpStatusCode status, JsonElement answer) = await server.PostAsync(Chat, $$$"""
                {"max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls":
                [{"function": {"name": "f", "arguments": {{{JsonSerializer.Serialize(nested)}}}}}]}]}
                """);
            Assert.AreEqual(depth < 60 ? HttpStatusCode.OK : HttpStatusCode.BadRequest, status, $"{depth}: {answer}");
            if (depth >= 60)
                Assert.AreEqual("messages[1].tool_calls[0].function.arguments", answer.At("error", "param").GetString());
        }
    }

    [TestMethod]
    [DataRow("user", "\"someone\"")]
    [DataRow("metadata", "{\"a\": \"b\"}")]
    [DataRow("store", "false")]
    [DataRow("service_tier", "\"auto\"")]
    [DataRow("prompt_cache_key", "\"k\"")]
    [DataRow("parallel_tool_calls", "false")]
    [DataRow("n", "1")]
    [DataRow("response_format", "{\"type\": \"text\"}")]
    [DataRow("n", "1.0")]
    [DataRow("tools", "[]")]
    [DataRow("tools", "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": \"d\", \"parameters\": {}, \"strict\": false}}]")]
    [DataRow("top_k", "-1")]
    [DataRow("logprobs", "false")]
    [DataRow("functions", "null")]
    public async Task Fields_that_ask_for_nothing_are_accepted(string field, string value)
    {
        RunningServer server = await SharedServer.Server;
        await server.AnswerAsync(Chat, $$"""{{{Hi}}, "max_tokens": 1, "{{field}}": {{value}}}""");
    }

    [TestMethod]
    public async Task A_wrong_model_name_gets_404_with_the_names_that_are_served()
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(Chat, $$"""{{{Hi}}, "model": "glm-6"}""");
        Assert.AreEqual(HttpStatusCode.NotFound, status);
        Assert.AreEqual("model_not_found", answer.At("error", "code").GetString());
        Assert.Contains("glm5-nano", answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    public async Task Unknown_paths_methods_and_media_types_get_json_too()
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync("/v1/embeddings", "{}");
        Assert.AreEqual(HttpStatusCode.NotFound, status);
        Assert.Contains("/v1/chat/completions", answer.At("error", "message").GetString()!);

        using HttpResponseMessage get = await server.Http.GetAsync(Chat);
        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        Assert.Contains(
            "POST", JsonElement.Parse(await get.Content.ReadAsStringAsync()).At("error", "message").GetString()!);

        (status, answer) = await server.PostAsync(Chat, new StringContent("{}", Encoding.UTF8, "text/plain"));
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, status);
        Assert.Contains("application/json", answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    public async Task A_prompt_of_ten_megabytes_is_refused_with_both_numbers()
    {
        RunningServer server = await SharedServer.Server;
        string text = string.Concat(Enumerable.Repeat("many words ", 10 * 1024 * 1024 / 11));
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(
            Chat, $$"""{"messages": [{"role": "user", "content": "{{text}}"}]}""");
        Assert.AreEqual(HttpStatusCode.BadRequest, status, answer.ToString());
        Assert.AreEqual("context_length_exceeded", answer.At("error", "code").GetString());
        Assert.AreEqual("messages", answer.At("error", "param").GetString());
        Assert.Contains("4096", answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_body_beyond_the_limit_is_refused_with_the_figures(bool declaresLength)
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with { MaxBodyBytes = 100_000 });
        HttpContent content = new ByteArrayContent(new byte[100_001]);
        if (!declaresLength)
            content = new StreamContent(new ChunkedBytes(100_001));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(Chat, content);
        Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("100,000 bytes", answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    public async Task Bytes_that_are_not_utf8_are_refused_with_their_place()
    {
        RunningServer server = await SharedServer.Server;
        byte[] body = [.. "{\"prompt\": \""u8, 0xC3, 0x28, .. "\"}"u8];
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(Completion, content);
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.Contains("the byte at 12 begins no character", answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    public void Any_bytes_are_an_object_or_an_error_of_the_client()
    {
        Gen<byte[]> damaged =
            from start in Gen.Const(
                "{\"messages\": [{\"role\": \"user\", \"content\": \"h\\u00e9\\ud83d\\ude42\"}], \"n\": 1e5, \"stop\": [null, true]}")
            from at in Gen.Int[0, start.Length - 1]
            from value in Gen.Byte
            from cut in Gen.Int[0, start.Length]
            select Damage(Encoding.UTF8.GetBytes(start), at, value, cut);
        Gen.OneOf(damaged, Gen.Byte.Array[0, 60]).Sample(
            bytes =>
            {
                try
                {
                    using JsonDocument document = RequestBody.Parse(bytes);
                    if (document.RootElement.TryGetProperty("messages", out JsonElement messages))
                        ChatMessages.Normalise(messages);
                    return true;
                }
                catch (ApiException refusal)
                {
                    return refusal.Status == 400 && refusal.Message.Length > 0;
                }
            },
            iter: Soak.Times(5000));
    }

    private static byte[] Damage(byte[] bytes, int at, byte value, int cut)
    {
        bytes[at] = value;
        return bytes[..Math.Max(cut, bytes.Length / 2)];
    }

    /// <summary>Zeroes whose length is not known beforehand, so that they are sent in chunks.</summary>
    private sealed class ChunkedBytes(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}
