using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Log probabilities of prompts, in vLLM's field and by OpenAI's echo, held against those of answers.</summary>
[TestClass]
public sealed class PromptLogProbsTests
{
    private const string Completions = "/v1/completions";
    private const double Tolerance = 2e-4; // Steps of one row and of many rows round differently.

    private static RunningServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _server = await SharedServer.Server;

    [TestMethod]
    public async Task A_place_of_the_prompt_is_as_probable_as_it_is_behind_what_stands_before_it()
    {
        int[] ids = (await _server.AnswerAsync("/tokenize", "{\"prompt\": \"Once upon a time there was a small town by the sea, and a harbour.\"}"))
            .At("tokens").Ids();
        JsonElement choice = (await _server.AnswerAsync(
            Completions, $"{{\"prompt\": [{string.Join(',', ids)}], \"max_tokens\": 1, \"prompt_logprobs\": 3}}")).At("choices", 0);
        JsonElement entries = choice.At("prompt_logprobs");
        Assert.AreEqual(ids.Length, entries.GetArrayLength());
        Assert.AreEqual(JsonValueKind.Null, entries[0].ValueKind);
        for (int i = 1; i < ids.Length; i += 3)
        {
            JsonElement behind = (await _server.AnswerAsync(
                Completions, $"{{\"prompt\": [{string.Join(',', ids[..i])}], \"max_tokens\": 1, \"temperature\": 0, \"prompt_logprobs\": 0, "
                + $"\"logit_bias\": {{\"{ids[i]}\": 100}}, \"logprobs\": 3}}")).At("choices", 0, "logprobs");
            JsonElement own = entries[i].At($"{ids[i]}");
            Assert.AreEqual(behind.At("token_logprobs", 0).GetDouble(), own.At("logprob").GetDouble(), Tolerance, $"token {i}");
            Assert.AreEqual(behind.At("tokens", 0).GetString(), own.At("decoded_token").GetString());
            JsonElement best = entries[i].EnumerateObject().Single(entry => entry.Value.At("rank").GetInt32() == 1).Value;
            Assert.AreEqual(
                behind.At("top_logprobs", 0).EnumerateObject().First().Value.GetDouble(), best.At("logprob").GetDouble(), Tolerance);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Echo_begins_with_the_prompt_and_its_log_probabilities(bool streams)
    {
        const string Prompt = "Rain fell on the roof";
        JsonElement plain = (await _server.AnswerAsync(
            Completions, $"{{\"prompt\": \"{Prompt}\", \"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 1}}")).At("choices", 0);
        string request = $"\"prompt\": \"{Prompt}\", \"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 1, \"echo\": true";
        List<JsonElement> choices = streams
            ? [.. (await _server.EventsAsync(Completions, $"{{{request}, \"stream\": true}}")).Select(chunk => chunk.At("choices", 0))]
            : [(await _server.AnswerAsync(Completions, $"{{{request}}}")).At("choices", 0)];
        Assert.AreEqual(Prompt + plain.At("text").GetString(), string.Concat(choices.Select(choice => choice.At("text").GetString())));
        string[] tokens = [.. choices.SelectMany(choice => choice.At("logprobs", "tokens").EnumerateArray()).Select(token => token.GetString()!)];
        Assert.AreEqual(Prompt + plain.At("text").GetString(), string.Concat(tokens));
        JsonElement[] probabilities = [.. choices.SelectMany(choice => choice.At("logprobs", "token_logprobs").EnumerateArray())];
        Assert.HasCount(tokens.Length, probabilities);
        Assert.AreEqual(JsonValueKind.Null, probabilities[0].ValueKind);
        Assert.IsTrue(probabilities[1..].All(probability => probability.GetDouble() < 0));
        int[] offsets = [.. choices.SelectMany(choice => choice.At("logprobs", "text_offset").Ids())];
        CollectionAssert.AreEqual(tokens.Select((_, i) => string.Concat(tokens[..i]).Length).ToArray(), offsets);
    }

    [TestMethod]
    public async Task Nothing_but_the_prompt_is_an_answer_without_tokens()
    {
        JsonElement answer = await _server.AnswerAsync(
            Completions, "{\"prompt\": [\"Rain fell\", \"Snow\"], \"max_tokens\": 0, \"logprobs\": 0, \"echo\": true}");
        CollectionAssert.AreEqual(
            new[] { "Rain fell", "Snow" }, answer.At("choices").EnumerateArray().Select(choice => choice.At("text").GetString()).ToArray());
        Assert.AreEqual(0, answer.At("usage", "completion_tokens").GetInt32());
        foreach (JsonElement choice in answer.At("choices").EnumerateArray())
        {
            Assert.AreEqual("length", choice.At("finish_reason").GetString());
            Assert.AreEqual(choice.At("text").GetString(), string.Concat(choice.At("logprobs", "tokens").EnumerateArray()));
        }
    }

    [TestMethod]
    public async Task Several_answers_of_a_chat_report_their_prompt_once()
    {
        JsonElement answer = await _server.AnswerAsync(
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"n\": 2, \"max_tokens\": 3, \"prompt_logprobs\": 0, \"return_token_ids\": true}");
        int[] prompt = answer.At("prompt_token_ids").Ids();
        JsonElement[] entries = [.. answer.At("prompt_logprobs").EnumerateArray()];
        Assert.HasCount(prompt.Length, entries);
        for (int i = 1; i < entries.Length; i++)
            Assert.AreEqual($"{prompt[i]}", entries[i].EnumerateObject().Single().Name);
    }
}
