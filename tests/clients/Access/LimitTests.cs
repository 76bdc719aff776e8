using System.Net;
using System.Text.Json;
using Glm5.Tests.Clients.Api;
using Glm5.Tests.Clients.Cli;

namespace Glm5.Tests.Clients.Access;

/// <summary>What bounds all requests together, and each in time.</summary>
[TestClass]
public sealed class LimitTests
{
    private const string Long = """{"prompt": "go on", "max_tokens": 4000, "ignore_eos": true""";

    [TestMethod]
    public async Task Beyond_the_most_requests_at_once_comes_503()
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with { MaxRequests = 1 });
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> busy = server.Http.PostAsync(
            "/v1/completions", new StringContent(Long + "}", null, "application/json"), leave.Token);
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "the request never ran");
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync("/tokenize", """{"prompt": "x"}""");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("--max-concurrent-requests", answer.At("error", "message").GetString()!);
        await server.Http.GetStringAsync("/health");
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => busy);
    }

    [TestMethod]
    public async Task An_answer_that_takes_too_long_is_cut_with_an_error()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { RequestTimeout = TimeSpan.FromMilliseconds(150) });
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync("/v1/completions", Long + "}");
        Assert.AreEqual(HttpStatusCode.GatewayTimeout, status);
        Assert.AreEqual("timeout", answer.At("error", "code").GetString());
        List<JsonElement> events = await server.EventsAsync("/v1/completions", Long + ", \"stream\": true}");
        Assert.Contains("--request-timeout", events[^1].At("error", "message").GetString()!);
        Assert.IsGreaterThan(1, events.Count);
        (status, answer) = await server.PostAsync(
            "/v1/chat/completions", """{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4000, "ignore_eos": true}""");
        Assert.AreEqual(HttpStatusCode.GatewayTimeout, status);
        await Until.TrueAsync(() => server.Engine.Status is { Running: 0, BlocksInUse: 0 }, "the sequences were not freed");
    }

    [TestMethod]
    [DataRow("abc-123_x.y:z", true)]
    [DataRow("two words", false)]
    [DataRow("a;b", false)]
    [DataRow("", false)]
    public async Task A_request_keeps_its_name_where_that_is_a_word(string name, bool isKept)
    {
        RunningServer server = await SharedServer.Server;
        foreach (string path in new[] { "/health", "/v1/nothing", "/v1/chat/completions" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("x-request-id", name);
            using HttpResponseMessage answer = await server.Http.SendAsync(request);
            string told = answer.Headers.GetValues("x-request-id").Single();
            if (isKept)
                Assert.AreEqual(name, told);
            else
                Assert.StartsWith("req-", told);
        }
    }

    [TestMethod]
    [DataRow("--max-requests-per-key 3", "limits of keys are for servers with keys")]
    [DataRow("--ssl-keyfile k.pem", "name that with --ssl-certfile")]
    [DataRow("--allowed-origin chat.example", "expected scheme and host as in https://chat.example, or *")]
    [DataRow("--allowed-origin https://chat.example/path", "expected scheme and host")]
    [DataRow("--request-timeout 0", "expected a whole number from 1")]
    public void Flags_that_make_no_sense_are_refused(string words, string sentence) =>
        Assert.Contains(sentence, ParsedLine.ErrorsOf(words));

    [TestMethod]
    [DataRow("--allowed-origins [\"https://a.example\",\"https://b.example\"]")]
    [DataRow("--allowed-origin https://a.example --allowed-origin https://b.example")]
    public void Origins_are_given_one_by_one_or_as_a_list(string words) => ParsedLine.Of(words);
}
