using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Npm;

/// <summary>The clients from npm, as our users have them: a plain chat, a streamed one, and a tool called and answered.</summary>
[TestClass]
public sealed class NpmClientTests
{
    [TestMethod]
    [DataRow("anthropic.mjs", "end_turn", "tool_use")]
    [DataRow("openai.mjs", "stop", "tool_calls")]
    [DataRow("responses.mjs", "completed", "completed")]
    [DataRow("vercel.mjs", "stop", "tool-calls")]
    public async Task A_client_from_npm_completes_its_cases(string script, string ended, string called)
    {
        Dictionary<string, JsonElement> reports = await NpmClients.ReportsOfAsync(script);
        Assert.AreEqual("You are welcome!", reports["plain"].At("text").GetString());
        Assert.AreEqual(ended, reports["plain"].At("reason").GetString());
        Assert.AreEqual("You are welcome!", reports["streamed"].At("text").GetString());
        Assert.AreEqual(ended, reports["streamed"].At("reason").GetString());
        Assert.IsGreaterThan(5, reports["streamed"].At("pieces").GetInt32());
        Assert.AreEqual(called, reports["tool"].At("reason").GetString());
        Assert.AreEqual("get_weather", reports["tool"].At("name").GetString());
        Assert.AreEqual("{\"city\":\"Paris\",\"unit\":\"celsius\"}", reports["tool"].At("input").GetRawText());
        Assert.AreEqual("It is 14 degrees and rainy in Paris.", reports["tool"].At("text").GetString());
    }

    [TestMethod]
    public async Task Anthropics_sdk_counts_tokens_and_reads_our_errors()
    {
        Dictionary<string, JsonElement> reports = await NpmClients.ReportsOfAsync("anthropic.mjs");
        Assert.AreEqual(NanoGolden.Case("greeting").PromptIds.Length, reports["other"].At("counted").GetInt32());
        Assert.AreEqual("NotFoundError", reports["other"].At("error").GetString());
        Assert.AreEqual("thinking text", reports["plain"].At("kinds").GetString());
    }

    [TestMethod]
    public async Task Reasoning_reaches_the_clients_that_show_it()
    {
        Dictionary<string, JsonElement> vercel = await NpmClients.ReportsOfAsync("vercel.mjs");
        Assert.AreEqual("The user says thanks.", vercel["plain"].At("reasoning").GetString());
        Assert.AreEqual("The user says thanks.", vercel["streamed"].At("reasoning").GetString());
        Dictionary<string, JsonElement> responses = await NpmClients.ReportsOfAsync("responses.mjs");
        Assert.AreEqual("reasoning message", responses["streamed"].At("kinds").GetString());
    }
}
