using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Raw completions: what goes in is what the model sees, and the answer is the model's.</summary>
[TestClass]
public sealed class CompletionTests
{
    private const string Prompt = "[gMASK]<sop><|user|>Thanks!<|assistant|><think>";

    [TestMethod]
    public async Task Golden_prompts_as_text_and_as_ids_continue_identically()
    {
        RunningServer server = await SharedServer.Server;
        await Parallel.ForEachAsync(NanoGolden.Cases, async (golden, _) =>
        {
            string prompt = JsonSerializer.Serialize(golden.Text), ids = JsonSerializer.Serialize(golden.PromptIds);
            JsonElement answer = await server.AnswerAsync(
                "/v1/completions", $$"""{"prompt": [{{prompt}}, {{ids}}], "max_tokens": 400, "temperature": 0, "return_token_ids": true}""");
            for (int choice = 0; choice < 2; choice++)
            {
                CollectionAssert.AreEqual(
                    golden.PromptIds, answer.At("choices", choice, "prompt_token_ids").Ids(), golden.Name);
                CollectionAssert.AreEqual(
                    golden.OutputIds, answer.At("choices", choice, "token_ids").Ids(), golden.Name);
                Assert.AreEqual("stop", answer.At("choices", choice, "finish_reason").GetString());
            }

            Assert.AreEqual(2 * golden.OutputIds.Length, answer.At("usage", "completion_tokens").GetInt32());
        });
    }

    [TestMethod]
    public async Task Streamed_chunks_join_to_the_whole_answer()
    {
        RunningServer server = await SharedServer.Server;
        string request = $$"""{"prompt": {{JsonSerializer.Serialize(Prompt)}}, "max_tokens": 40, "logprobs": 1, "return_token_ids": true""";
        JsonElement whole = await server.AnswerAsync("/v1/completions", request + "}");
        List<JsonElement> events = await server.EventsAsync(
            "/v1/completions", request + """, "stream": true, "stream_options": {"include_usage": true}}""");
        JsonElement[] chunks = [.. events.Where(e => e.At("choices").GetArrayLength() == 1)];
        Assert.AreEqual(
            whole.At("choices", 0, "text").GetString(),
            string.Concat(chunks.Select(c => c.At("choices", 0, "text").GetString())));
        CollectionAssert.AreEqual(
            whole.At("choices", 0, "token_ids").Ids(),
            chunks.SelectMany(c => c.At("choices", 0, "token_ids").Ids()).ToArray());
        CollectionAssert.AreEqual(
            whole.At("choices", 0, "logprobs", "text_offset").Ids(),
            chunks.SelectMany(c => c.At("choices", 0, "logprobs", "text_offset").Ids()).ToArray());
        CollectionAssert.AreEqual(
            whole.At("choices", 0, "prompt_token_ids").Ids(), chunks[0].At("choices", 0, "prompt_token_ids").Ids());
        Assert.AreEqual(whole.At("usage", "total_tokens").GetInt32(), events[^1].At("usage", "total_tokens").GetInt32());
        Assert.IsTrue(events[..^1].All(e => e.At("usage").ValueKind == JsonValueKind.Null));
    }

    [TestMethod]
    public async Task Sixteen_tokens_come_when_max_tokens_is_left_out()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync("/v1/completions", """{"prompt": "word", "ignore_eos": true}""");
        Assert.AreEqual(16, answer.At("usage", "completion_tokens").GetInt32());
        Assert.AreEqual("length", answer.At("choices", 0, "finish_reason").GetString());
    }

    [TestMethod]
    [DataRow("""["thanks"]""", "", "The user says ", "thanks")]
    [DataRow("\"thanks\"", ", \"include_stop_str_in_output\": true", "The user says thanks", "thanks")]
    [DataRow("""["zzz", ".</think>You"]""", "", "The user says thanks", ".</think>You")]
    public async Task A_stop_string_ends_the_answer_before_it(string stop, string more, string text, string found)
    {
        RunningServer server = await SharedServer.Server;
        string request = $$"""{"prompt": {{JsonSerializer.Serialize(Prompt)}}, "max_tokens": 40, "stop": {{stop}}{{more}}""";
        JsonElement whole = await server.AnswerAsync("/v1/completions", request + "}");
        Assert.AreEqual(text, whole.At("choices", 0, "text").GetString());
        Assert.AreEqual("stop", whole.At("choices", 0, "finish_reason").GetString());
        Assert.AreEqual(found, whole.At("choices", 0, "stop_reason").GetString());
        List<JsonElement> events = await server.EventsAsync("/v1/completions", request + ", \"stream\": true}");
        Assert.AreEqual(text, string.Concat(events.Select(c => c.At("choices", 0, "text").GetString())));
    }

    [TestMethod]
    public async Task A_stop_id_of_the_request_ends_the_answer_and_is_named()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync(
            "/v1/completions", $$"""{"prompt": {{JsonSerializer.Serialize(Prompt)}}, "max_tokens": 40, "stop_token_ids": [1271]}""");
        Assert.AreEqual("The user says thanks.", answer.At("choices", 0, "text").GetString());
        Assert.AreEqual(1271, answer.At("choices", 0, "stop_reason").GetInt32());
    }

    [TestMethod]
    public async Task The_same_seed_gives_the_same_answer_and_special_tokens_show_when_asked_for()
    {
        RunningServer server = await SharedServer.Server;
        string request = """{"prompt": "tell", "max_tokens": 24, "temperature": 5, "top_p": 1, "seed": 7, "skip_special_tokens": false, "ignore_eos": true}""";
        JsonElement first = await server.AnswerAsync("/v1/completions", request);
        JsonElement second = await server.AnswerAsync("/v1/completions", request);
        JsonElement other = await server.AnswerAsync(
            "/v1/completions", request.Replace("\"seed\": 7", "\"seed\": 8", StringComparison.Ordinal));
        Assert.AreEqual(first.At("choices", 0, "text").GetString(), second.At("choices", 0, "text").GetString());
        Assert.AreNotEqual(first.At("choices", 0, "text").GetString(), other.At("choices", 0, "text").GetString());
    }

    [TestMethod]
    public async Task Tokenize_and_detokenize_are_inverse()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement tokens = await server.AnswerAsync(
            "/tokenize",
            $$"""{"prompt": {{JsonSerializer.Serialize(Prompt + " é 漢 🙂")}}, "return_token_strs": true}""");
        Assert.AreEqual(tokens.At("count").GetInt32(), tokens.At("token_strs").GetArrayLength());
        JsonElement text = await server.AnswerAsync(
            "/detokenize", $$"""{"tokens": {{tokens.At("tokens").GetRawText()}}}""");
        Assert.AreEqual(Prompt + " é 漢 🙂", text.At("prompt").GetString());
    }
}
