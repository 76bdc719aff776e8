using System.Net;
using System.Text;
using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Anthropic;

/// <summary>Errors of Anthropic's paths are in its shape, with the field at fault in the sentence.</summary>
[TestClass]
public sealed class MessagesErrorTests
{
    private const string Hi = "\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]";

    [TestMethod]
    [DataRow("{", "not valid JSON")]
    [DataRow("{}", "max_tokens is missing")]
    [DataRow("{\"max_tokens\": 5}", "messages is missing")]
    [DataRow("{\"max_tokens\": 5, \"messages\": []}", "at least one message")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [1]}", "messages[0]: expected an object")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}", "messages[0].role: expected user, assistant or system")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": 5}]}", "messages[0].content: expected a string or an array of blocks")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": []}]}", "messages[0].content: expected at least one block")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\"}]}]}", "messages[0].content[0].type 'image' is not implemented")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"tool_use\"}]}]}", "messages[0].content[0].type 'tool_use'")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]}", "messages[0].content[0].text is missing")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"x\", \"colour\": 1}]}]}", "messages[0].content[0].colour is not a field")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"tool_result\"}]}]}", "messages[0].content[0].tool_use_id is missing")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"tool_result\", \"tool_use_id\": \"a\", \"content\": [{\"type\": \"image\"}]}]}]}",
        "messages[0].content[0].content[0].type 'image'")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"tool_use\", \"id\": \"a\", \"name\": \"f\", \"input\": \"{}\"}]}]}",
        "messages[0].content[0].input: expected an object")]
    [DataRow("{\"max_tokens\": 5, \"messages\": [{\"role\": \"assistant\", \"content\": \"I\"}]}", "continuing it is not implemented")]
    [DataRow("{" + Hi + ", \"system\": 5}", "system: expected a string or an array of blocks")]
    [DataRow("{" + Hi + ", \"tools\": [{\"type\": \"web_search_20250305\", \"name\": \"web_search\"}]}", "tools[0].type 'web_search_20250305'")]
    [DataRow("{" + Hi + ", \"tools\": [{\"name\": \"f\"}]}", "tools[0].input_schema is missing")]
    [DataRow("{" + Hi + ", \"tool_choice\": {\"type\": \"any\"}}", "a call is required and the request has no tools")]
    [DataRow("{" + Hi + ", \"tool_choice\": {\"type\": \"tool\", \"name\": \"f\"}}", "a call is required and the request has no tools")]
    [DataRow("{" + Hi + ", \"tool_choice\": \"auto\"}", "tool_choice: expected an object")]
    [DataRow("{" + Hi + ", \"thinking\": {\"type\": \"on\"}}", "thinking.type: expected")]
    [DataRow("{" + Hi + ", \"thinking\": {\"type\": \"enabled\", \"budget\": 5}}", "thinking.budget is not a field")]
    [DataRow("{" + Hi + ", \"output_config\": {\"format\": {\"type\": \"json_schema\"}}}", "output_config.format.schema is missing")]
    [DataRow("{" + Hi + ", \"output_config\": {\"effort\": \"none\"}}", "output_config.effort: expected")]
    [DataRow("{" + Hi + ", \"stop_sequences\": [1]}", "stop_sequences[0]: expected a string")]
    [DataRow("{" + Hi + ", \"container\": \"c\"}", "container: \"c\" is not implemented")]
    [DataRow("{" + Hi + ", \"mcp_servers\": [{}]}", "mcp_servers")]
    [DataRow("{" + Hi + ", \"stop\": \"x\"}", "stop is not a field")]
    public async Task What_is_wrong_is_said(string request, string sentence)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement body) = await server.PostAsync("/v1/messages", request);
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        AssertError("invalid_request_error", sentence, body);
    }

    [TestMethod]
    public async Task Lengths_beyond_the_context_are_told_in_the_sentences_that_agents_read()
    {
        RunningServer server = await SharedServer.Server;
        string question = string.Concat(Enumerable.Repeat("a b c d ", 1200));
        string request = $$"""{"max_tokens": 5, "messages": [{"role": "user", "content": "{{question}}"}]}""";
        (_, JsonElement tooLong) = await server.PostAsync("/v1/messages", request);
        Assert.MatchesRegex(@"^prompt is too long: \d+ tokens > 4095 maximum$", tooLong.At("error", "message").GetString()!);
        (_, JsonElement tooMany) = await server.PostAsync("/v1/messages", "{" + Hi.Replace("5", "32000", StringComparison.Ordinal) + "}");
        Assert.MatchesRegex(
            @"^input length and `max_tokens` exceed context limit: \d+ \+ 32000 > 4096", tooMany.At("error", "message").GetString()!);
    }

    [TestMethod]
    public async Task Other_statuses_have_their_own_types()
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode unknown, JsonElement model) = await server.PostAsync("/v1/messages", "{\"model\": \"claude-haiku\", " + Hi + "}");
        Assert.AreEqual(HttpStatusCode.NotFound, unknown);
        AssertError("not_found_error", "'claude-haiku' is not served here; served: glm5-nano", model);
        (HttpStatusCode noPath, JsonElement path) = await server.PostAsync("/v1/messages/batches", "{}");
        Assert.AreEqual(HttpStatusCode.NotFound, noPath);
        AssertError("not_found_error", "there is no POST /v1/messages/batches", path);
        using var text = new StringContent("Hi", Encoding.UTF8, "text/plain");
        (HttpStatusCode plain, JsonElement type) = await server.PostAsync("/v1/messages", text);
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, plain);
        AssertError("invalid_request_error", "expected application/json", type);
    }

    [TestMethod]
    public async Task A_key_may_come_in_the_header_of_either_API()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options with { ApiKeys = ["secret"] });
        (HttpStatusCode missing, JsonElement error) = await server.PostAsync("/v1/messages", "{" + Hi + "}");
        Assert.AreEqual(HttpStatusCode.Unauthorized, missing);
        AssertError("authentication_error", "x-api-key", error);
        server.Http.DefaultRequestHeaders.Add("x-api-key", "wrong");
        (HttpStatusCode wrong, _) = await server.PostAsync("/v1/messages", "{" + Hi + "}");
        Assert.AreEqual(HttpStatusCode.Unauthorized, wrong);
        server.Http.DefaultRequestHeaders.Remove("x-api-key");
        server.Http.DefaultRequestHeaders.Add("x-api-key", "secret");
        await server.AnswerAsync("/v1/messages", "{" + Hi + "}");
        await server.AnswerAsync("/v1/chat/completions", "{" + Hi + "}");
    }

    [TestMethod]
    public async Task A_server_that_is_stopping_is_overloaded_and_names_a_time()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.Model.DrainAsync(CancellationToken.None);
        using var content = new StringContent("{" + Hi + "}", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await server.Http.PostAsync("/v1/messages", content);
        Assert.AreEqual(529, (int)response.StatusCode);
        Assert.IsNotNull(response.Headers.RetryAfter);
        AssertError("overloaded_error", "the server is stopping", JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    private static void AssertError(string type, string sentence, JsonElement body)
    {
        Assert.AreEqual("error", body.At("type").GetString());
        Assert.AreEqual(type, body.At("error", "type").GetString());
        Assert.Contains(sentence, body.At("error", "message").GetString()!);
    }
}
