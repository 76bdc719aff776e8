using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glm5.Tests.Clients.Anthropic;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Responses;

/// <summary>OpenAI's responses: the golden conversations, in its shapes.</summary>
[TestClass]
public sealed class ResponsesTests
{
    private const string Responses = "/v1/responses";

    [TestMethod]
    public async Task Golden_conversations_continue_identically_streamed_and_whole()
    {
        RunningServer server = await SharedServer.Server;
        await Parallel.ForEachAsync(NanoGolden.Cases, async (golden, _) =>
        {
            JsonElement whole = await server.AnswerAsync(Responses, Request(golden, "}"));
            Assert.AreEqual(golden.PromptIds.Length, whole.At("usage", "input_tokens").GetInt32(), golden.Name);
            Assert.AreEqual(golden.OutputIds.Length, whole.At("usage", "output_tokens").GetInt32(), golden.Name);
            JsonElement streamed = ResponseEvents.Follow(
                await server.NamedEventsAsync(Responses, Request(golden, ", \"stream\": true}")));
            Assert.AreEqual(ResponseEvents.Describe(whole), ResponseEvents.Describe(streamed), golden.Name);
        });
    }

    [TestMethod]
    public async Task A_string_is_a_question_and_the_answer_repeats_what_was_asked()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement response = await server.AnswerAsync(
            Responses, """{"model": "glm5-nano", "input": "Thanks!", "temperature": 0, "store": true, "metadata": {"a": "b"}, "max_output_tokens": 60}""");
        Assert.StartsWith("reasoning[The user says thanks.] message[You are welcome!] completed ", ResponseEvents.Describe(response));
        Assert.AreEqual(9, response.At("usage", "output_tokens_details", "reasoning_tokens").GetInt32());
        Assert.AreEqual("response", response.At("object").GetString());
        Assert.StartsWith("resp_", response.At("id").GetString()!);
        Assert.IsFalse(response.At("store").GetBoolean());
        Assert.AreEqual("b", response.At("metadata", "a").GetString());
        Assert.AreEqual(60, response.At("max_output_tokens").GetInt32());
    }

    [TestMethod]
    public async Task A_cut_answer_is_incomplete_and_says_why()
    {
        RunningServer server = await SharedServer.Server;
        const string Cut = "{\"input\": \"Thanks!\", \"temperature\": 0, \"max_output_tokens\": 12";
        JsonElement response = await server.AnswerAsync(Responses, Cut + "}");
        Assert.AreEqual("incomplete", response.At("status").GetString());
        Assert.AreEqual("max_output_tokens", response.At("incomplete_details", "reason").GetString());
        Assert.AreEqual("incomplete", response.At("output", 1, "status").GetString());
        JsonElement streamed = ResponseEvents.Follow(await server.NamedEventsAsync(Responses, Cut + ", \"stream\": true}"));
        Assert.AreEqual("incomplete", streamed.At("status").GetString());
    }

    [TestMethod]
    public async Task A_function_of_a_namespace_is_called_and_sent_back_by_both_names()
    {
        RunningServer server = await SharedServer.Server;
        const string Request = """
            {"input": [{"role": "user", "content": "Close it."}ITEMS], "seed": 3, "max_output_tokens": 400, "reasoning": {"effort": "none"}, "tool_choice": CHOICE,
             "tools": [{"type": "web_search", "external_web_access": false}, {"type": "namespace", "name": "agents", "description": "Other agents.", "tools":
               [{"type": "function", "name": "close", "strict": true, "parameters": {"type": "object", "properties": {"id": {"enum": ["a7"]}},
                 "required": ["id"], "additionalProperties": false}}]}]
            """;
        string first = Request.Replace("ITEMS", "", StringComparison.Ordinal).Replace("CHOICE", "\"required\"", StringComparison.Ordinal);
        JsonElement response = await server.AnswerAsync(Responses, first + "}");
        JsonElement call = response.At("output").EnumerateArray().First();
        Assert.AreEqual(
            ("function_call", "agents", "close", "{\"id\":\"a7\"}"),
            (call.At("type").GetString(), call.At("namespace").GetString(), call.At("name").GetString(), call.At("arguments").GetString()));
        JsonElement streamed = ResponseEvents.Follow(await server.NamedEventsAsync(Responses, first + ", \"stream\": true}"));
        Assert.AreEqual("agents", streamed.At("output", 0, "namespace").GetString());

        string items = $", {call.GetRawText()}, {{\"type\": \"function_call_output\", \"call_id\": {call.At("call_id").GetRawText()}, \"output\": \"closed\"}}";
        JsonElement next = await server.AnswerAsync(
            Responses, Request.Replace("ITEMS", items, StringComparison.Ordinal).Replace("CHOICE", "\"auto\"", StringComparison.Ordinal) + "}");
        Assert.IsGreaterThan(response.At("usage", "input_tokens").GetInt32(), next.At("usage", "input_tokens").GetInt32());
    }

    [TestMethod]
    public async Task A_call_and_its_output_go_back_in_as_items()
    {
        RunningServer server = await SharedServer.Server;
        GoldenCase golden = NanoGolden.Case("tool_call");
        JsonElement response = await server.AnswerAsync(Responses, Request(golden, "}"));
        JsonElement call = response.At("output", 1);
        Assert.AreEqual("function_call", call.At("type").GetString());
        Assert.AreEqual("{\"city\":\"Paris\",\"unit\":\"celsius\"}", call.At("arguments").GetString());
        string items = response.At("output").GetRawText();
        JsonElement next = await server.AnswerAsync(Responses, Request(golden, "}", $$"""
            , {{items[1..^1]}}, {"type": "function_call_output", "call_id": {{call.At("call_id").GetRawText()}}, "output": "{\"temp\": 14}"}
            """));
        Assert.AreEqual("completed", next.At("status").GetString());
        int before = golden.PromptIds.Length + golden.OutputIds.Length;
        Assert.IsGreaterThan(before, next.At("usage", "input_tokens").GetInt32());
        Assert.IsLessThan(before + 30, next.At("usage", "input_tokens").GetInt32());
    }

    [TestMethod]
    public async Task What_agents_send_without_effect_is_taken()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement response = await server.AnswerAsync(
            Responses, """
            {"model": "glm5-nano", "instructions": "You are an agent.", "tool_choice": "auto", "parallel_tool_calls": false, "store": false,
             "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k", "client_metadata": {"x": "y"}, "text": {"verbosity": "medium"},
             "reasoning": {"effort": "none", "summary": "auto"}, "max_output_tokens": 20, "truncation": "disabled",
             "tools": [{"type": "function", "name": "shell", "description": "Runs.", "strict": false, "parameters": {"type": "object", "properties": {}}}],
             "input": [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
               {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]},
               {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xyz"},
               {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": "Hi.", "annotations": []}]},
               {"role": "user", "content": "Thanks!"}]}
            """);
        Assert.AreEqual(0, response.At("usage", "output_tokens_details", "reasoning_tokens").GetInt32());
        Assert.AreEqual("shell", response.At("tools", 0, "name").GetString());
    }

    [TestMethod]
    [DataRow("{}", "input", "input is missing")]
    [DataRow("{\"input\": 5}", "input", "a string or an array of items")]
    [DataRow("{\"input\": []}", "input", "at least one item")]
    [DataRow("{\"input\": [5]}", "input[0]", "an object with type")]
    [DataRow("{\"input\": [{\"type\": \"item_reference\", \"id\": \"x\"}]}", "input[0].type", "'item_reference' is not implemented")]
    [DataRow("{\"input\": [{\"role\": \"tool\", \"content\": \"x\"}]}", "input[0].role", "user, assistant, system or developer")]
    [DataRow("{\"input\": [{\"role\": \"user\"}]}", "input[0].content", "is missing")]
    [DataRow("{\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\"}]}]}", "input[0].content[0].type", "'input_image' is not implemented")]
    [DataRow("{\"input\": [{\"role\": \"user\", \"content\": \"x\", \"colour\": 1}]}", "input[0].colour", "not a field")]
    [DataRow("{\"input\": [{\"type\": \"function_call\", \"name\": \"f\", \"arguments\": \"{}\"}]}", "input[0].call_id", "is missing")]
    [DataRow("{\"input\": [{\"type\": \"function_call\", \"call_id\": \"c\", \"name\": \"f\", \"arguments\": \"[\"}]}", "input[0].arguments", "a JSON object")]
    [DataRow("{\"input\": [{\"type\": \"function_call_output\", \"call_id\": \"c\"}]}", "input[0].output", "is missing")]
    [DataRow("{\"input\": [{\"type\": \"reasoning\", \"content\": [{\"type\": \"text\"}]}]}", "input[0].content[0].type", "reasoning_text")]
    [DataRow("{\"input\": \"x\", \"tools\": [{\"type\": \"code_interpreter\"}]}", "tools[0].type", "'code_interpreter' is not implemented")]
    [DataRow("{\"input\": \"x\", \"tools\": [{\"type\": \"namespace\", \"name\": \"n\", \"tools\": [{\"type\": \"custom\", \"name\": \"f\"}]}]}", "tools[0].tools[0].type", "namespaces hold functions")]
    [DataRow("{\"input\": \"x\", \"tools\": [{\"type\": \"function\", \"name\": \"f\", \"parameters\": 5}]}", "tools[0].parameters", "a JSON schema")]
    [DataRow("{\"input\": \"x\", \"text\": {\"format\": {\"type\": \"json_schema\"}}}", "text.format.schema", "is missing")]
    [DataRow("{\"input\": \"x\", \"text\": {\"verbosity\": \"low\"}}", "text.verbosity", "ask for it in the prompt")]
    [DataRow("{\"input\": \"x\", \"reasoning\": {\"effort\": \"huge\"}}", "reasoning.effort", "got 'huge'")]
    [DataRow("{\"input\": \"x\", \"previous_response_id\": \"resp_1\"}", "previous_response_id", "nothing is stored")]
    [DataRow("{\"input\": \"x\", \"background\": true}", "background", "not implemented")]
    [DataRow("{\"input\": \"x\", \"truncation\": \"auto\"}", "truncation", "never cut")]
    [DataRow("{\"input\": \"x\", \"max_output_tokens\": 0}", "max_output_tokens", "at least 1")]
    [DataRow("{\"input\": \"x\", \"max_tokens\": 5}", "max_tokens", "not a field")]
    public async Task What_is_wrong_is_said(string request, string field, string sentence)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement body) = await server.PostAsync(Responses, request);
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        Assert.AreEqual(field, body.At("error", "param").GetString());
        Assert.Contains(sentence, body.At("error", "message").GetString()!);
    }

    private static string Request(GoldenCase golden, string more, string moreItems = "")
    {
        string tools = golden.Tools.ValueKind == JsonValueKind.Null ? "" : ", \"tools\": [" + string.Join(',', golden.Tools
            .EnumerateArray().Select(tool => "{\"type\": \"function\", " + tool.At("function").GetRawText().TrimStart()[1..])) + "]";
        string effort = golden.EnableThinking ? "null" : "\"none\"";
        string items = string.Join(',', JsonNode.Parse(golden.Messages.GetRawText())!.AsArray().SelectMany(Items)
            .Select(item => item.ToJsonString()));
        return $$"""
            {"model": "glm5-nano", "temperature": 0, "max_output_tokens": 400, "reasoning": {"effort": {{effort}}},
             "input": [{{items}}{{moreItems}}]{{tools}}{{more}}
            """;
    }

    private static IEnumerable<JsonObject> Items(JsonNode? message)
    {
        string role = message!["role"]!.ToString();
        string text = message["content"]!.ToString();
        if (role == "tool")
        {
            yield return new JsonObject { ["type"] = "function_call_output", ["call_id"] = "call_0", ["output"] = text };
            yield break;
        }

        if (message["reasoning_content"]?.ToString() is { Length: > 0 } reasoning)
        {
            yield return new JsonObject
            {
                ["type"] = "reasoning",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "reasoning_text", ["text"] = reasoning }),
            };
        }

        if (text.Length > 0)
            yield return new JsonObject { ["type"] = "message", ["role"] = role, ["content"] = text };
        foreach (JsonNode? call in message["tool_calls"]?.AsArray() ?? [])
        {
            yield return new JsonObject
            {
                ["type"] = "function_call",
                ["call_id"] = "call_0",
                ["name"] = call!["name"]!.ToString(),
                ["arguments"] = call["arguments"]!.ToJsonString(),
            };
        }
    }
}
