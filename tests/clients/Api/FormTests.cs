using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Glm5.Tests.Clients.Api;

/// <summary>Answers that have the form that the request asks for, whatever the model would like to say.</summary>
[TestClass]
public sealed class FormTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hi = "\"messages\": [{\"role\": \"user\", \"content\": \"Tell me about a city.\"}]";
    private const string Schema = """
        {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}, "size": {"enum": ["small", "large"]},
        "people": {"type": "integer", "minimum": 10, "maximum": 99}}, "required": ["city", "size", "people"], "additionalProperties": false}
        """;

    [TestMethod]
    [DataRow("true", "0")]
    [DataRow("false", "0")]
    [DataRow("false", "1.5")]
    public async Task A_schema_is_met_thinking_or_not_streamed_or_not(string thinks, string temperature)
    {
        RunningServer server = await SharedServer.Server;
        string request = Hi + ", \"max_tokens\": 400, \"seed\": 4, \"temperature\": " + temperature
            + ", \"chat_template_kwargs\": {\"enable_thinking\": " + thinks + "}, \"response_format\": "
            + "{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"city\", \"strict\": true, \"schema\": " + Schema + "}}";
        JsonElement answer = await server.AnswerAsync(Chat, "{" + request + "}");
        List<JsonElement> events = await server.EventsAsync(Chat, "{\"stream\": true, " + request + "}");

        Assert.AreEqual("stop", answer.At("choices", 0, "finish_reason").GetString());
        string content = answer.At("choices", 0, "message", "content").GetString()!;
        JsonElement city = JsonElement.Parse(content);
        Assert.AreEqual(3, city.GetPropertyCount());
        Assert.IsLessThanOrEqualTo(12, city.At("city").GetString()!.EnumerateRunes().Count());
        Assert.Contains(city.At("size").GetString()!, (string[])["small", "large"]);
        Assert.IsTrue(city.At("people").GetInt32() is >= 10 and <= 99, content);
        Assert.AreEqual(content, string.Concat(events.Select(Delta)));
    }

    [TestMethod]
    [DataRow(-100)]
    [DataRow(100)]
    public async Task Beside_tools_an_answer_is_content_of_the_form_or_calls(int bias)
    {
        RunningServer server = await SharedServer.Server;
        int call = (await server.AnswerAsync("/tokenize", "{\"prompt\": \"<tool_call>\"}")).At("tokens", 0).GetInt32();
        JsonElement choice = (await server.AnswerAsync(
            Chat, "{" + Hi + ", \"max_tokens\": 400, \"seed\": 4, \"chat_template_kwargs\": {\"enable_thinking\": false}, \"response_format\": "
            + "{\"type\": \"json_schema\", \"json_schema\": {\"schema\": " + Schema + "}}, \"parallel_tool_calls\": false, \"tools\": "
            + "[{\"type\": \"function\", \"function\": {\"name\": \"look\", \"parameters\": " + Schema + "}}], "
            + $"\"logit_bias\": {{\"{call}\": {bias}}}}}")).At("choices", 0);
        Assert.AreEqual(bias > 0 ? "tool_calls" : "stop", choice.At("finish_reason").GetString());
        JsonElement message = choice.At("message");
        string text = bias > 0 ? message.At("tool_calls", 0, "function", "arguments").GetString()! : message.At("content").GetString()!;
        Assert.IsTrue(JsonElement.Parse(text).At("people").GetInt32() is >= 10 and <= 99, text);
    }

    [TestMethod]
    public async Task A_choice_is_one_of_the_choices()
    {
        RunningServer server = await SharedServer.Server;
        for (int seed = 0; seed < 6; seed++)
        {
            string words = Hi + $", \"seed\": {seed}, \"temperature\": 2, \"chat_template_kwargs\": {{\"enable_thinking\": false}}, ";
            foreach (string form in (string[])["\"structured_outputs\": {\"choice\": [\"red\", \"reddish\", \"blue\"]}", "\"guided_choice\": [\"red\", \"reddish\", \"blue\"]"])
            {
                JsonElement answer = await server.AnswerAsync(Chat, "{" + words + form + "}");
                Assert.Contains(answer.At("choices", 0, "message", "content").GetString()!, (string[])["red", "reddish", "blue"]);
            }
        }
    }

    [TestMethod]
    public async Task A_completion_matches_a_pattern_as_a_whole()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync(
            "/v1/completions", """{"prompt": ["Call", "Dial"], "max_tokens": 40, "seed": 1, "structured_outputs": {"regex": "\\+[1-9]\\d{2,4}-(a|b)+x"}}""");
        for (int i = 0; i < 2; i++)
        {
            string text = answer.At("choices", i, "text").GetString()!;
            bool isWhole = answer.At("choices", i, "finish_reason").GetString() == "stop";
            Assert.IsTrue(!isWhole || Regex.IsMatch(text, @"^\+[1-9]\d{2,4}-(a|b)+x$"), text);
            Assert.StartsWith("+", text);
        }
    }

    [TestMethod]
    [DataRow("/v1/responses", """{"input": "Hi", "max_output_tokens": 200, "reasoning": {"effort": "none"}, "text": {"format": {"type": "json_schema", "name": "c", "schema": @}}}""")]
    [DataRow("/v1/messages", """{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 200, "output_config": {"format": {"type": "json_schema", "schema": @}}}""")]
    public async Task The_other_APIs_ask_for_a_schema_in_their_own_words(string path, string request)
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync(path, request.Replace("@", Schema));
        string text = path == "/v1/messages"
            ? answer.At("content", 0, "text").GetString()!
            : answer.At("output").EnumerateArray().Last().At("content", 0, "text").GetString()!;
        Assert.AreEqual(3, JsonElement.Parse(text).GetPropertyCount());
    }

    [TestMethod]
    public async Task An_object_of_any_kind_that_is_cut_is_still_a_beginning_of_one()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync(
            Chat, "{" + Hi + ", \"max_tokens\": 12, \"chat_template_kwargs\": {\"enable_thinking\": false}, \"response_format\": {\"type\": \"json_object\"}}");
        Assert.StartsWith("{", answer.At("choices", 0, "message", "content").GetString()!.TrimStart());
    }

    [TestMethod]
    [DataRow("\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"x\", \"schema\": {\"not\": {}}}}", "response_format.json_schema.schema", "#/not: the keyword not is not implemented")]
    [DataRow("\"response_format\": {\"type\": \"xml\"}", "response_format.type", "'xml' is not implemented")]
    [DataRow("\"response_format\": {\"type\": \"json_schema\"}", "response_format.schema", "is missing")]
    [DataRow("\"structured_outputs\": {\"regex\": \"(a\"}", "structured_outputs.regex", "without its ')'")]
    [DataRow("\"structured_outputs\": {\"grammar\": \"root ::= x\"}", "structured_outputs.grammar", "not implemented")]
    [DataRow("\"structured_outputs\": {\"regex\": \"a\", \"choice\": [\"b\"]}", "structured_outputs.choice", "send one of them")]
    [DataRow("\"structured_outputs\": {\"choice\": []}", "structured_outputs.choice", "1 to 10000 strings")]
    [DataRow("\"guided_choice\": [\"a\", 1]", "guided_choice[1]", "got 1")]
    [DataRow("\"guided_json\": \"{\"", "guided_json", "no JSON")]
    [DataRow("\"guided_json\": {\"minimum\": 3, \"maximum\": 2}", "guided_json", "no answer can have this form")]
    [DataRow("\"guided_regex\": \"a\", \"ignore_eos\": true", "ignore_eos", "ends when the form is complete")]
    [DataRow("\"guided_regex\": \"a*\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]", "tools", "empty answer")]
    [DataRow("\"ebnf\": \"root ::= x\"", "ebnf", "use response_format")]
    public async Task What_cannot_be_held_to_is_refused_with_its_place(string form, string field, string sentence)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement body) = await server.PostAsync(Chat, "{" + Hi + ", " + form + "}");
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        Assert.AreEqual(field, body.At("error", "param").GetString(), body.ToString());
        Assert.Contains(sentence, body.At("error", "message").GetString()!);
    }

    private static string Delta(JsonElement chunk) =>
        chunk.At("choices").GetArrayLength() > 0 && chunk.At("choices", 0, "delta").TryGetProperty("content", out JsonElement text)
            ? text.GetString() ?? "" : "";
}
