using System.Text;
using System.Text.Json;
using CsCheck;
using Glm5.Core.Tokenization;
using Glm5.Host.Cli;
using Glm5.Host.Serving;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Parse;

/// <summary><c>glm5 parse</c>: a line in, a line out, whatever the line holds.</summary>
[TestClass]
public sealed class ParseCommandTests
{
    private const string Tools =
        """[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"s": {"type": "string"}}}}}]""";

    private static readonly Tokenizer s_nano = Tokenizer.Load(Path.Combine(EmbeddedModel.Folder, "tokenizer.json"));

    [TestMethod]
    public async Task Texts_come_apart_and_bad_lines_are_answered_with_their_number()
    {
        JsonElement[] answers = await ParseAsync($$"""
            {"text": "Hm.</think>Hi!<|user|>", "starts_in_reasoning": true}
            {"text": "<tool_call>f<arg_key>s</arg_key><arg_value>1.10</arg_value></tool_call>", "tools": {{Tools}}, "cuts": [3, 20, 41]}

            {"text": 5}
            not JSON
            {"text": "<tool_call>f<arg_key>s</arg_key><arg_value>ab", "tools": {{Tools}}, "finish_reason": "length"}
            """);
        Assert.HasCount(5, answers);
        Assert.AreEqual("{\"reasoning\":\"Hm.\",\"content\":\"Hi!\",\"tool_calls\":[],\"finish_reason\":\"stop\"}", answers[0].GetRawText());
        Assert.AreEqual("f", answers[1].At("tool_calls", 0, "name").GetString());
        Assert.AreEqual("{\"s\":\"1.10\"}", answers[1].At("tool_calls", 0, "arguments").GetString());
        Assert.AreEqual("tool_calls", answers[1].At("finish_reason").GetString());
        Assert.AreEqual(4, answers[2].At("line").GetInt32());
        Assert.AreEqual("text: expected a string, got 5", answers[2].At("error").GetString());
        Assert.AreEqual(5, answers[3].At("line").GetInt32());
        Assert.StartsWith("the line is not valid JSON", answers[3].At("error").GetString()!);
        Assert.AreEqual("{\"s\":\"ab\"}", answers[4].At("tool_calls", 0, "arguments").GetString());
        Assert.AreEqual("length", answers[4].At("finish_reason").GetString());
    }

    [TestMethod]
    public async Task Token_ids_come_apart_by_their_models_tokenizer()
    {
        GoldenCase golden = NanoGolden.Case("tool_call");
        string line = $$"""{"token_ids": [{{string.Join(',', golden.OutputIds)}}], "tools": {{golden.Tools.GetRawText().ReplaceLineEndings("")}}, "starts_in_reasoning": true}""";
        JsonElement answer = (await ParseAsync(line, s_nano)).Single();
        Assert.AreEqual("I need the weather in Paris. I will call get_weather.", answer.At("reasoning").GetString());
        Assert.AreEqual("{\"city\":\"Paris\",\"unit\":\"celsius\"}", answer.At("tool_calls", 0, "arguments").GetString());
        Assert.Contains("--model", (await ParseAsync(line)).Single().At("error").GetString()!);
    }

    [TestMethod]
    [DataRow("{}", "either text or token_ids")]
    [DataRow("{\"text\": \"x\", \"token_ids\": [1]}", "either text or token_ids")]
    [DataRow("{\"text\": \"a😀b\", \"cuts\": [4]}", "cuts: expected positions from 0 to 3, got 4")]
    [DataRow("{\"token_ids\": [1], \"cuts\": [1]}", "cuts are positions in text")]
    [DataRow("{\"token_ids\": [1280]}", "token_ids[0]: expected an id of the model's vocabulary, got 1280")]
    [DataRow("{\"text\": \"x\", \"tools\": {}}", "tools: expected an array")]
    [DataRow("{\"text\": \"x\", \"finish_reason\": \"eof\"}", "finish_reason: expected stop, tool_calls or length")]
    [DataRow("{\"text\": \"x\", \"tool\": []}", "tool is not a field")]
    [DataRow("[]", "the line is an array; expected a JSON object")]
    [DataRow("{\"text\": \"\\ud800\"}", "half of a surrogate pair")]
    public async Task What_is_wrong_with_a_line_is_said(string line, string sentence) =>
        Assert.Contains(sentence, (await ParseAsync(line, s_nano)).Single().At("error").GetString()!);

    [TestMethod]
    public void Any_bytes_are_answered_and_the_line_behind_them_too() =>
        Gen.Byte.Array[0, 80].Sample(bytes =>
        {
            byte[] hostile = [.. bytes.Where(b => b != (byte)'\n'), (byte)'\n', .. "{\"text\": \"x\"}"u8];
            JsonElement last = ParseAsync(hostile, null).GetAwaiter().GetResult()[^1];
            return last.At("content").GetString() == "x";
        }, iter: 500);

    [TestMethod]
    public async Task SGLangs_paths_take_texts_apart()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement calls = await server.AnswerAsync(
            "/parse_function_call", $$"""{"text": "Well. <tool_call>f<arg_key>s</arg_key><arg_value>a</arg_value></tool_call>", "tools": {{Tools}}, "tool_call_parser": "glm47"}""");
        Assert.AreEqual(
            """{"normal_text":"Well.","calls":[{"tool_index":0,"name":"f","parameters":"{\"s\":\"a\"}"}]}""", calls.GetRawText());
        (string Text, string Expected)[] reasoned =
        [
            ("<think>Hm.</think>Hi", """{"reasoning_text":"Hm.","text":"Hi"}"""),
            ("Hm.</think>Hi", """{"reasoning_text":"Hm.","text":"Hi"}"""),
            ("Hi", """{"reasoning_text":"","text":"Hi"}"""),
            ("<think>Hm.<tool_call>f</tool_call>", """{"reasoning_text":"Hm.","text":"<tool_call>f</tool_call>"}"""),
        ];
        foreach ((string text, string expected) in reasoned)
        {
            JsonElement separated = await server.AnswerAsync(
                "/separate_reasoning", $$"""{"text": "{{text}}", "reasoning_parser": "glm45"}""");
            Assert.AreEqual(expected, separated.GetRawText());
        }
    }

    private static Task<JsonElement[]> ParseAsync(string lines, Tokenizer? tokenizer = null) =>
        ParseAsync(Encoding.UTF8.GetBytes(lines), tokenizer);

    private static async Task<JsonElement[]> ParseAsync(byte[] lines, Tokenizer? tokenizer)
    {
        using var input = new MemoryStream(lines);
        using var output = new MemoryStream();
        await ParseCommand.RunAsync(input, output, tokenizer, CancellationToken.None);
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonElement.Parse(line))];
    }
}
