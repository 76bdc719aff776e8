using System.Net;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Glm5.Host.Api;
using Glm5.Tests.Clients.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Glm5.Tests.Clients.OpenApi;

/// <summary>What <c>/openapi.json</c> says is what the server does: its paths, and the fields that it takes.</summary>
[TestClass]
public sealed class OpenApiTests
{
    private const string Hi = "\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]";
    private const string Chat = "/v1/chat/completions", Messages = "/v1/messages", Responses = "/v1/responses";

    private static readonly string[] s_labels =
        [.. UnimplementedFields.OfOpenAI.Where(field => field.Value.Neutral is null).Select(field => field.Key)];

    private static RunningServer _server = null!;
    private static PublishedDocument _document = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _server = await SharedServer.Server;
        _document = await PublishedDocument.OfAsync(_server);
    }

    [TestMethod]
    public void Every_path_and_method_is_described_and_no_other()
    {
        HashSet<string> page = [.. typeof(Glm5.Host.Web.Page).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("page/", StringComparison.Ordinal)).Select(name => name["page".Length..])];
        string[] routes = [.. _server.Server.Routes
            .Where(route => route.RoutePattern.RawText is not "/" && !page.Contains(route.RoutePattern.RawText!))
            .SelectMany(MethodsOf).Order(StringComparer.Ordinal)];
        string[] described = [.. _document.Root.At("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name} {path.Name}")).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(routes, described);
    }

    [TestMethod]
    public void Every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own()
    {
        List<string> names = [];
        Visit(_document.Root);
        CollectionAssert.AllItemsAreUnique(names);
        Assert.HasCount(_document.Root.At("paths").EnumerateObject().Sum(path => path.Value.EnumerateObject().Count()), names);

        void Visit(JsonElement element)
        {
            foreach (JsonElement item in element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [])
                Visit(item);
            foreach (JsonProperty field in element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : [])
            {
                if (field.Name == "$ref")
                    Assert.AreNotEqual(JsonValueKind.Undefined, _document.Root.At([.. field.Value.GetString()!.Split('/')[1..]]).ValueKind);
                if (field.Name == "operationId")
                    names.Add(field.Value.GetString()!);
                Visit(field.Value);
            }
        }
    }

    [TestMethod]
    public void Every_schema_is_referred_to()
    {
        string text = _document.Root.GetRawText();
        foreach (JsonProperty schema in _document.Root.At("components", "schemas").EnumerateObject())
            Assert.Contains($"\"#/components/schemas/{schema.Name}", text);
    }

    [TestMethod]
    [DataRow(Chat, "ChatRequest", "{" + Hi + ", \"?\": 1}")]
    [DataRow(Chat, "StreamOptions", "{" + Hi + ", \"stream\": true, \"stream_options\": {\"?\": 1}}")]
    [DataRow(Chat, "ResponseFormat", "{" + Hi + ", \"response_format\": {\"type\": \"json_object\", \"?\": 1}}", "json_schema")]
    [DataRow(Chat, "NamedSchema", "{" + Hi + ", \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": {}, \"?\": 1}}}")]
    [DataRow(Chat, "StructuredOutputs", "{" + Hi + ", \"structured_outputs\": {\"regex\": \"a\", \"?\": 1}}")]
    [DataRow(Chat, "ChatRequest/properties/thinking", "{" + Hi + ", \"thinking\": {\"type\": \"enabled\", \"?\": 1}}")]
    [DataRow(Chat, "ChatRequest/properties/tool_choice/oneOf/1", "{" + Hi + ", \"tool_choice\": {\"type\": \"function\", \"name\": \"f\", \"?\": 1}}")]
    [DataRow(Chat, "Tool", "{" + Hi + ", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}, \"?\": 1}]}")]
    [DataRow(Chat, "Tool/properties/function", "{" + Hi + ", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"?\": 1}}]}")]
    [DataRow("/v1/completions", "CompletionRequest", "{\"prompt\": \"Hi\", \"?\": 1}")]
    [DataRow(Responses, "ResponseRequest", "{\"input\": \"Hi\", \"?\": 1}")]
    [DataRow(Responses, "ResponseRequest/properties/stream_options", "{\"input\": \"Hi\", \"stream_options\": {\"?\": 1}}")]
    [DataRow(Responses, "ResponseRequest/properties/reasoning", "{\"input\": \"Hi\", \"reasoning\": {\"?\": 1}}")]
    [DataRow(Responses, "ResponseRequest/properties/text", "{\"input\": \"Hi\", \"text\": {\"?\": 1}}")]
    [DataRow(Responses, "ResponseTextFormat", "{\"input\": \"Hi\", \"text\": {\"format\": {\"type\": \"json_schema\", \"schema\": {}, \"?\": 1}}}")]
    [DataRow(Responses, "ResponseTool/oneOf/1", "{\"input\": \"Hi\", \"tools\": [{\"type\": \"namespace\", \"name\": \"n\", \"tools\": [], \"?\": 1}]}")]
    [DataRow(Responses, "ResponseFunction", "{\"input\": \"Hi\", \"tools\": [{\"type\": \"function\", \"name\": \"f\", \"?\": 1}]}")]
    [DataRow(Messages, "MessageRequest", "{\"max_tokens\": 5, " + Hi + ", \"?\": 1}")]
    [DataRow(Messages + "/count_tokens", "CountRequest", "{" + Hi + ", \"?\": 1}")]
    [DataRow(Messages, "MessageParam", "{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\", \"?\": 1}]}")]
    [DataRow(Messages, "CountRequest/properties/thinking", "{\"max_tokens\": 5, " + Hi + ", \"thinking\": {\"type\": \"enabled\", \"?\": 1}}")]
    [DataRow(Messages, "CountRequest/properties/output_config", "{\"max_tokens\": 5, " + Hi + ", \"output_config\": {\"?\": 1}}")]
    [DataRow(Messages, "CountRequest/properties/tool_choice", "{\"max_tokens\": 5, " + Hi + ", \"tool_choice\": {\"type\": \"tool\", \"name\": \"f\", \"?\": 1}}")]
    [DataRow(Messages, "MessageTool", "{\"max_tokens\": 5, " + Hi + ", \"tools\": [{\"name\": \"f\", \"input_schema\": {}, \"?\": 1}]}")]
    [DataRow("/tokenize", "TokenizeRequest", "{" + Hi + ", \"?\": 1}")]
    [DataRow("/detokenize", "DetokenizeRequest", "{\"tokens\": [], \"?\": 1}")]
    [DataRow("/parse_function_call", "ParseCallsRequest", "{\"text\": \"x\", \"tools\": [], \"?\": 1}")]
    [DataRow("/separate_reasoning", "SeparateReasoningRequest", "{\"text\": \"x\", \"?\": 1}")]
    public async Task Every_field_that_is_taken_is_described_and_no_other(string path, string schema, string request, params string[] untold)
    {
        IEnumerable<string> known = await KnownAsync(path, request);
        if (!path.StartsWith("/v1/", StringComparison.Ordinal))
            known = known.Except(s_labels); // They pass everywhere, and nothing is labelled there.
        JsonElement described = _document.Root.At(["components", "schemas", .. schema.Split('/').Select(Step)]);
        CollectionAssert.AreEquivalent(
            known.Concat(untold).Distinct().ToArray(), _document.FieldsOf(described).Distinct().ToArray(), path);
    }

    [TestMethod]
    [DataRow("Error", typeof(ErrorAnswer))]
    [DataRow("ModelList", typeof(ModelList))]
    [DataRow("Model", typeof(ModelEntry))]
    [DataRow("Health", typeof(HealthAnswer))]
    [DataRow("Version", typeof(VersionAnswer))]
    [DataRow("Tokens", typeof(TokenizeAnswer))]
    [DataRow("Text", typeof(DetokenizeAnswer))]
    [DataRow("MessageError", typeof(MessagesErrorAnswer))]
    [DataRow("MessageErrorBody", typeof(MessagesErrorBody))]
    [DataRow("TokenCount", typeof(CountAnswer))]
    [DataRow("ParsedCalls", typeof(ParsedCalls))]
    [DataRow("SeparatedReasoning", typeof(SeparatedReasoning))]
    public void Small_answers_are_described_field_by_field(string schema, Type type)
    {
        JsonTypeInfo written = WireJson.Readable.GetTypeInfo(type)!;
        CollectionAssert.AreEquivalent(
            written.Properties.Select(field => field.Name).ToArray(), _document.FieldsOf(_document.Schema(schema)).ToArray());
    }

    [TestMethod]
    public async Task A_field_that_is_nearly_right_is_answered_with_the_right_one()
    {
        (HttpStatusCode status, JsonElement body) = await _server.PostAsync(Chat, "{" + Hi + ", \"temprature\": 1}");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.Contains("did you mean temperature?", body.At("error", "message").GetString()!);
    }

    /// <summary>The fields that a place of a request may have: those that the refusal of another one was looked up in.</summary>
    private static async Task<IEnumerable<string>> KnownAsync(string path, string request)
    {
        string stranger = $"stranger_{Guid.NewGuid():N}";
        IReadOnlyCollection<string>? known = null;
        void Look(object? sender, FirstChanceExceptionEventArgs thrown)
        {
            if (thrown.Exception is ApiException { Code: "unknown_field" } refusal && refusal.Param!.EndsWith(stranger, StringComparison.Ordinal))
                known = refusal.Known;
        }

        AppDomain.CurrentDomain.FirstChanceException += Look;
        try
        {
            (HttpStatusCode status, JsonElement body) = await _server.PostAsync(path, request.Replace("?", stranger, StringComparison.Ordinal));
            Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Look;
        }

        Assert.IsNotNull(known, "another error came first");
        return known;
    }

    private static object Step(string step) => int.TryParse(step, out int index) ? index : step;

    private static IEnumerable<string> MethodsOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != HttpMethods.Head)
            .Select(method => $"{method.ToLowerInvariant()} /{route.RoutePattern.RawText!.Trim('/').Replace("**", "", StringComparison.Ordinal)}");
}
