using System.Text.Json;
using Glm5.Tests.Clients.Anthropic;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.OpenApi;

/// <summary>
/// Answers of the model have the fields that <c>/openapi.json</c> describes, and each one that it describes is in one of them.
/// </summary>
[TestClass]
public sealed class DescribedAnswersTests
{
    private const string Messages = "\"messages\": [{\"role\": \"user\", \"content\": \"Write a poem about rain.\"}], \"max_tokens\": 300, \"seed\": 7";
    private const string Tool = "\"parameters\": {\"type\": \"object\", \"properties\": {\"city\": {\"enum\": [\"Rome\"]}}, \"required\": [\"city\"]}";
    private const string Calls = "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", " + Tool + "}}], \"tool_choice\": \"required\"";
    private const string Thinking = "\"thinking\": {\"type\": \"enabled\", \"budget_tokens\": 5}";
    private const string Logs = "\"logprobs\": true, \"top_logprobs\": 2, \"return_token_ids\": true";

    private static RunningServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _server = await SharedServer.Server;

    [TestMethod]
    public async Task Chats_are_as_described()
    {
        PublishedDocument document = await PublishedDocument.OfAsync(_server);
        string[] requests = [Messages, $"{Messages}, {Calls}, {Thinking}", $"{Messages}, \"n\": 2, {Logs}"];
        document.Check(await _server.AnswerAsync("/v1/chat/completions", $"{{{Messages}, \"prompt_logprobs\": 2}}"), "ChatCompletion");
        foreach (string request in requests)
        {
            document.Check(await _server.AnswerAsync("/v1/chat/completions", $"{{{request}}}"), "ChatCompletion");
            foreach (JsonElement chunk in await _server.EventsAsync(
                "/v1/chat/completions", $"{{{request}, \"stream\": true, \"stream_options\": {{\"include_usage\": true}}}}"))
            {
                document.Check(chunk, "ChatChunk");
            }
        }

        AssertComplete(document, exceptFor: null, "ChatCompletion", "ChatChunk");
    }

    [TestMethod]
    public async Task Completions_are_as_described()
    {
        PublishedDocument document = await PublishedDocument.OfAsync(_server);
        const string Request = "\"prompt\": [\"Hello\", \"Rain\"], \"max_tokens\": 8, \"logprobs\": 2, \"return_token_ids\": true";
        document.Check(await _server.AnswerAsync("/v1/completions", $"{{{Request}}}"), "Completion");
        document.Check(await _server.AnswerAsync("/v1/completions", "{\"prompt\": \"Hello\"}"), "Completion");
        document.Check(
            await _server.AnswerAsync("/v1/completions", $"{{{Request}, \"echo\": true, \"prompt_logprobs\": 1}}"), "Completion");
        foreach (JsonElement chunk in await _server.EventsAsync(
            "/v1/completions", $"{{{Request}, \"stream\": true, \"stream_options\": {{\"include_usage\": true}}}}"))
        {
            document.Check(chunk, "Completion");
        }

        AssertComplete(document, exceptFor: "Usage.completion_tokens_details", "Completion");
    }

    [TestMethod]
    public async Task Responses_are_as_described()
    {
        PublishedDocument document = await PublishedDocument.OfAsync(_server);
        const string Input = "\"input\": \"Write a poem about rain.\", \"max_output_tokens\": 300, \"seed\": 7";
        string[] requests =
        [
            Input, $"{Input}, \"tools\": [{{\"type\": \"function\", \"name\": \"f\", {Tool}}}], \"tool_choice\": \"required\", \"reasoning\": {{\"effort\": \"none\"}}",
            $"{Input}, \"tools\": [{{\"type\": \"namespace\", \"name\": \"n\", \"tools\": [{{\"type\": \"function\", \"name\": \"f\", {Tool}}}]}}], \"tool_choice\": \"required\"",
            Input.Replace("300", "3", StringComparison.Ordinal),
        ];
        foreach (string request in requests)
        {
            document.Check(await _server.AnswerAsync("/v1/responses", $"{{{request}}}"), "Response");
            foreach (JsonElement data in await _server.NamedEventsAsync("/v1/responses", $"{{{request}, \"stream\": true}}"))
                document.Check(data, "ResponseEvent");
        }

        AssertComplete(document, exceptFor: null, "Response", "ResponseEvent");
    }

    [TestMethod]
    public async Task Messages_are_as_described()
    {
        PublishedDocument document = await PublishedDocument.OfAsync(_server);
        string[] requests =
        [
            $"{Messages}, {Thinking}",
            $"{Messages}, \"tools\": [{{\"name\": \"f\", {Tool.Replace("parameters", "input_schema", StringComparison.Ordinal)}}}], \"tool_choice\": {{\"type\": \"any\"}}",
        ];
        foreach (string request in requests)
        {
            document.Check(await _server.AnswerAsync("/v1/messages", $"{{{request}}}"), "Message");
            foreach (JsonElement data in await _server.NamedEventsAsync("/v1/messages", $"{{{request}, \"stream\": true}}"))
                document.Check(data, "MessageEvent");
        }

        AssertComplete(document, exceptFor: "MessageErrorBody", "Message", "MessageEvent");
    }

    [TestMethod]
    [DataRow("/v1/models", "ModelList")]
    [DataRow("/v1/models/glm5-nano", "Model")]
    [DataRow("/health", "Health")]
    [DataRow("/health/live", "Health")]
    [DataRow("/version", "Version")]
    public async Task What_is_only_asked_for_is_as_described(string path, string schema) =>
        (await PublishedDocument.OfAsync(_server)).Check(JsonElement.Parse(await _server.Http.GetByteArrayAsync(path)), schema);

    [TestMethod]
    [DataRow("/tokenize", "{\"prompt\": \"Hi\", \"return_token_strs\": true}", "Tokens")]
    [DataRow("/detokenize", "{\"tokens\": [5, 6]}", "Text")]
    [DataRow("/parse_function_call", "{\"text\": \"a<tool_call>f</tool_call>\", \"tools\": [{\"function\": {\"name\": \"f\"}}]}", "ParsedCalls")]
    [DataRow("/separate_reasoning", "{\"text\": \"<think>a</think>b\"}", "SeparatedReasoning")]
    [DataRow("/v1/messages/count_tokens", "{" + Messages + "}", "TokenCount")]
    public async Task What_asks_no_model_is_as_described(string path, string request, string schema)
    {
        if (schema == "TokenCount")
            request = request.Replace(", \"max_tokens\": 300, \"seed\": 7", "", StringComparison.Ordinal);
        (await PublishedDocument.OfAsync(_server)).Check(await _server.AnswerAsync(path, request), schema);
    }

    [TestMethod]
    [DataRow("/v1/chat/completions", "Error")]
    [DataRow("/v1/messages", "MessageError")]
    [DataRow("/nowhere", "Error")]
    public async Task Errors_are_as_described(string path, string schema) =>
        (await PublishedDocument.OfAsync(_server)).Check((await _server.PostAsync(path, "{}")).Body, schema);

    /// <summary>What is described and never came would be a promise that nobody has seen kept. Failures are seen elsewhere.</summary>
    private static void AssertComplete(PublishedDocument document, string? exceptFor, params string[] schemas)
    {
        string[] unseen =
        [
            .. schemas.SelectMany(document.PlacesOf).Except(document.Seen)
                .Where(place => !place.Contains(".error", StringComparison.Ordinal))
                .Where(place => exceptFor is null || !place.StartsWith(exceptFor, StringComparison.Ordinal)),
        ];
        Assert.IsEmpty(unseen);
    }
}
