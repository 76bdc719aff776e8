using System.Net;
using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>Reasoning that ends when its budget is spent, in every API's spelling.</summary>
[TestClass]
public sealed class ThinkingBudgetTests
{
    private const string Hi = "\"messages\": [{\"role\": \"user\", \"content\": \"What is 17 + 25?\"}]";

    [TestMethod]
    [DataRow("\"thinking_token_budget\": 3")]
    [DataRow("\"thinking_budget\": 3")]
    [DataRow("\"thinking\": {\"type\": \"enabled\", \"budget_tokens\": 3}")]
    public async Task A_chat_reasons_no_longer_than_its_budget(string budget)
    {
        RunningServer server = await SharedServer.Server;
        JsonElement answer = await server.AnswerAsync("/v1/chat/completions", $"{{{Hi}, \"temperature\": 0, \"max_tokens\": 60, {budget}}}");
        JsonElement usage = answer.At("usage", "completion_tokens_details");
        Assert.AreEqual(4, usage.At("reasoning_tokens").GetInt32(), "three tokens and the closing tag");
        Assert.AreNotEqual("", answer.At("choices", 0, "message", "content").GetString());
    }

    [TestMethod]
    public async Task A_message_reasons_no_longer_than_its_budget()
    {
        RunningServer server = await SharedServer.Server;
        string request = $"{{{Hi}, \"temperature\": 0, \"max_tokens\": 60, \"thinking\": {{\"type\": \"enabled\", \"budget_tokens\": ";
        JsonElement brief = await server.AnswerAsync("/v1/messages", request + "2}}");
        JsonElement full = await server.AnswerAsync("/v1/messages", request + "1000}}");
        string some = brief.At("content", 0, "thinking").GetString()!, all = full.At("content", 0, "thinking").GetString()!;
        Assert.StartsWith(some, all);
        Assert.IsLessThan(all.Length, some.Length);
    }

    [TestMethod]
    public async Task Two_budgets_that_differ_are_refused()
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement body) = await server.PostAsync(
            "/v1/chat/completions", $"{{{Hi}, \"thinking_token_budget\": 3, \"thinking_budget\": 4}}");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.Contains("thinking_token_budget is 3 and thinking_budget is 4", body.At("error", "message").GetString()!);
    }
}
