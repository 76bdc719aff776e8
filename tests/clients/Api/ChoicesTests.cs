using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Several answers to one prompt.</summary>
[TestClass]
public sealed class ChoicesTests
{
    private const string Path = "/v1/completions";

    [TestMethod]
    public async Task Each_prompt_gets_n_choices_in_order_that_are_the_answers_of_following_seeds()
    {
        RunningServer server = await SharedServer.Server;
        const string Words = "\"max_tokens\": 12, \"temperature\": 1.2, ";
        JsonElement all = await server.AnswerAsync(Path, $"{{\"prompt\": [\"The sky is\", \"Once upon a time\"], {Words}\"seed\": 5, \"n\": 3}}");
        List<string> texts = [.. all.At("choices").EnumerateArray().Select(choice => choice.At("text").GetString()!)];
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 6).ToList(), all.At("choices").EnumerateArray().Select(choice => choice.At("index").GetInt32()).ToList());
        int prompt = 0, completion = 0;
        for (int choice = 0; choice < 6; choice++)
        {
            string words = choice < 3 ? "The sky is" : "Once upon a time";
            JsonElement one = await server.AnswerAsync(Path, $"{{\"prompt\": \"{words}\", {Words}\"seed\": {5 + (choice % 3)}}}");
            Assert.AreEqual(one.At("choices", 0, "text").GetString(), texts[choice]);
            prompt += choice % 3 == 0 ? one.At("usage", "prompt_tokens").GetInt32() : 0;
            completion += one.At("usage", "completion_tokens").GetInt32();
        }

        Assert.AreEqual(prompt, all.At("usage", "prompt_tokens").GetInt32());
        Assert.AreEqual(completion, all.At("usage", "completion_tokens").GetInt32());
    }

    [TestMethod]
    public async Task A_chat_has_n_choices_streamed_or_whole_and_its_prompt_counts_once()
    {
        RunningServer server = await SharedServer.Server;
        const string Request = "\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}], \"max_tokens\": 40, \"temperature\": 1.3, \"seed\": 3";
        JsonElement all = await server.AnswerAsync("/v1/chat/completions", $"{{{Request}, \"n\": 3}}");
        JsonElement one = await server.AnswerAsync("/v1/chat/completions", $"{{{Request}}}");
        Assert.AreEqual(3, all.At("choices").GetArrayLength());
        Assert.AreEqual(Text(one.At("choices", 0, "message")), Text(all.At("choices", 0, "message")));
        Assert.AreEqual(one.At("usage", "prompt_tokens").GetInt32(), all.At("usage", "prompt_tokens").GetInt32());
        Assert.IsGreaterThan(one.At("usage", "completion_tokens").GetInt32(), all.At("usage", "completion_tokens").GetInt32());
        string[] streamed = ["", "", ""];
        int ended = 0;
        foreach (JsonElement chunk in await server.EventsAsync("/v1/chat/completions", $"{{{Request}, \"n\": 3, \"stream\": true}}"))
        {
            foreach (JsonElement choice in chunk.At("choices").EnumerateArray())
            {
                streamed[choice.At("index").GetInt32()] += Text(choice.At("delta"));
                ended += choice.At("finish_reason").ValueKind == JsonValueKind.String ? 1 : 0;
            }
        }

        Assert.AreEqual(3, ended);
        CollectionAssert.AreEqual(all.At("choices").EnumerateArray().Select(choice => Text(choice.At("message"))).ToArray(), streamed);
    }

    /// <summary>Reasoning and content, in the order in which they are written.</summary>
    private static string Text(JsonElement message) => Part(message, "reasoning") + Part(message, "content");

    private static string Part(JsonElement message, string name) =>
        message.TryGetProperty(name, out JsonElement part) ? part.GetString() ?? "" : "";

    [TestMethod]
    public async Task Streamed_choices_are_told_apart_by_their_index()
    {
        RunningServer server = await SharedServer.Server;
        const string Request = "\"prompt\": \"The sky is\", \"max_tokens\": 12, \"temperature\": 1.2, \"seed\": 9, \"n\": 4}";
        JsonElement whole = await server.AnswerAsync(Path, "{" + Request);
        var streamed = new string[4];
        foreach (JsonElement chunk in await server.EventsAsync(Path, "{\"stream\": true, " + Request))
        {
            foreach (JsonElement choice in chunk.At("choices").EnumerateArray())
                streamed[choice.At("index").GetInt32()] += choice.At("text").GetString();
        }

        CollectionAssert.AreEqual(
            whole.At("choices").EnumerateArray().Select(choice => choice.At("text").GetString()).ToArray(), streamed);
    }
}
