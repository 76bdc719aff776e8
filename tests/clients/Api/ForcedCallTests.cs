using System.Net;
using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Calls that the request requires, in the shapes of every API, their arguments held to the schema.</summary>
[TestClass]
public sealed class ForcedCallTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hi = "[{\"role\": \"user\", \"content\": \"Write a poem about rain.\"}]";
    private const string Parameters = """
        {"type": "object", "properties": {"city": {"type": "string", "maxLength": 8}, "days": {"type": "integer", "minimum": 3, "maximum": 9},
        "unit": {"enum": ["C", "F"]}}, "required": ["city", "days", "unit"], "additionalProperties": false}
        """;

    private static readonly string s_tools = $$"""
        [{"type": "function", "function": {"name": "forecast", "description": "Weather to come.", "parameters": {{Parameters}}, "strict": true} },
         {"type": "function", "function": {"name": "stop", "parameters": {"type": "object", "properties": {} } } }]
        """;

    private static readonly string s_named = "{\"type\": \"function\", \"function\": {\"name\": \"forecast\"}}";

    [TestMethod]
    [DataRow("true", "0")]
    [DataRow("false", "0")]
    [DataRow("false", "1.3")]
    public async Task A_named_tool_is_called_thinking_or_not_streamed_or_not(string thinks, string temperature)
    {
        RunningServer server = await SharedServer.Server;
        string request = $"\"messages\": {Hi}, \"max_tokens\": 500, \"seed\": 7, \"temperature\": {temperature}, \"tools\": {s_tools}, "
            + $"\"tool_choice\": {s_named}, \"chat_template_kwargs\": {{\"enable_thinking\": {thinks}}}";
        JsonElement answer = await server.AnswerAsync(Chat, "{" + request + "}");
        Assert.AreEqual("tool_calls", answer.At("choices", 0, "finish_reason").GetString());
        JsonElement calls = answer.At("choices", 0, "message", "tool_calls");
        Assert.AreEqual(1, calls.GetArrayLength());
        Assert.AreEqual("forecast", calls.At(0, "function", "name").GetString());
        CheckForecast(JsonElement.Parse(calls.At(0, "function", "arguments").GetString()!));
        List<JsonElement> events = await server.EventsAsync(Chat, "{\"stream\": true, " + request + "}");
        string streamed = string.Concat(events.SelectMany(Deltas));
        Assert.AreEqual(calls.At(0, "function", "arguments").GetString(), streamed);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Required_means_calls_and_nothing_else(bool several)
    {
        RunningServer server = await SharedServer.Server;
        for (int seed = 0; seed < 4; seed++)
        {
            JsonElement answer = await server.AnswerAsync(Chat, $$"""
                {"messages": {{Hi}}, "max_tokens": 500, "seed": {{seed}}, "temperature": 1.5, "tools": {{s_tools}}, "tool_choice": "required",
                 "parallel_tool_calls": {{(several ? "true" : "false")}}, "chat_template_kwargs": {"enable_thinking": false} }
                """);
            JsonElement message = answer.At("choices", 0, "message");
            Assert.AreEqual(JsonValueKind.Null, message.At("content").ValueKind);
            JsonElement[] calls = [.. message.At("tool_calls").EnumerateArray()];
            Assert.IsTrue(calls.Length == 1 || several, $"{calls.Length} calls");
            foreach (JsonElement call in calls.Where(call => call.At("function", "name").GetString() == "forecast"))
                CheckForecast(JsonElement.Parse(call.At("function", "arguments").GetString()!));
        }
    }

    [TestMethod]
    [DataRow("{\"type\": \"any\"}")]
    [DataRow("{\"type\": \"tool\", \"name\": \"forecast\", \"disable_parallel_tool_use\": true}")]
    public async Task Messages_call_any_or_a_named_tool(string choice)
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync("/v1/messages", $$"""
            {"max_tokens": 500, "messages": {{Hi}}, "temperature": 0, "tool_choice": {{choice}},
             "tools": [{"name": "forecast", "input_schema": {{Parameters}}, "strict": true}]}
            """);
        Assert.AreEqual("tool_use", answer.At("stop_reason").GetString());
        JsonElement block = answer.At("content", answer.At("content").GetArrayLength() - 1);
        Assert.AreEqual("tool_use", block.At("type").GetString());
        CheckForecast(block.At("input"));
    }

    [TestMethod]
    [DataRow("\"required\"")]
    [DataRow("{\"type\": \"function\", \"name\": \"forecast\"}")]
    public async Task Responses_call_a_required_or_named_tool(string choice)
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync("/v1/responses", $$"""
            {"input": "Write a poem.", "max_output_tokens": 500, "temperature": 0, "tool_choice": {{choice}}, "parallel_tool_calls": false,
             "reasoning": {"effort": "none"}, "tools": [{"type": "function", "name": "forecast", "parameters": {{Parameters}}, "strict": true}]}
            """);
        JsonElement call = answer.At("output").EnumerateArray().Single(item => item.At("type").GetString() == "function_call");
        CheckForecast(JsonElement.Parse(call.At("arguments").GetString()!));
    }

    [TestMethod]
    [DataRow("\"tool_choice\": \"required\"", "tool_choice: a call is required and the request has no tools")]
    [DataRow("\"tool_choice\": \"sometimes\", \"tools\": TOOLS", "tool_choice: expected")]
    [DataRow("\"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"other\"}}, \"tools\": TOOLS", "tool_choice.function.name: no tool is called 'other'")]
    [DataRow("\"tool_choice\": {\"type\": \"allowed_tools\"}, \"tools\": TOOLS", "'allowed_tools' is not implemented")]
    [DataRow("\"guided_regex\": \"a*\", \"tools\": TOOLS", "together with a form of the answer: a form that an empty answer has")]
    [DataRow("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"strict\": true, \"parameters\": {\"type\": \"object\", \"properties\": {\"a\": {\"not\": {}}}}}}]",
        "tools: the parameters of 'f': #/properties/a/not: the keyword not is not implemented")]
    public async Task What_cannot_be_held_to_is_refused_by_name(string fields, string sentence)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement body) = await server.PostAsync(
            Chat, $"{{\"messages\": {Hi}, {fields.Replace("TOOLS", s_tools, StringComparison.Ordinal)}}}");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.Contains(sentence, body.At("error", "message").GetString()!);
    }

    private static IEnumerable<string> Deltas(JsonElement chunk)
    {
        foreach (JsonElement choice in chunk.At("choices").EnumerateArray())
        {
            if (choice.At("delta").TryGetProperty("tool_calls", out JsonElement calls))
                yield return calls.At(0, "function", "arguments").GetString()!;
        }
    }

    private static void CheckForecast(JsonElement arguments)
    {
        Assert.AreEqual(3, arguments.GetPropertyCount());
        Assert.IsLessThanOrEqualTo(8, arguments.At("city").GetString()!.EnumerateRunes().Count());
        Assert.IsTrue(arguments.At("days").GetInt32() is >= 3 and <= 9, arguments.GetRawText());
        Assert.Contains(arguments.At("unit").GetString()!, (string[])["C", "F"]);
    }
}
