using System.Net;

namespace Glm5.Tests.Clients.Api;

/// <summary>Streams that have nothing to say yet are kept open.</summary>
[TestClass]
public sealed class KeepAliveTests
{
    private const string Long = """{"prompt": "go on", "max_tokens": 4000, "ignore_eos": true}""";

    [TestMethod]
    [DataRow("/v1/chat/completions", """{"stream": true, "max_tokens": 3, "messages": [{"role": "user", "content": "Hi"}]}""", ": ping\n\n")]
    [DataRow("/v1/completions", """{"stream": true, "max_tokens": 3, "prompt": ["x", "y"]}""", ": ping\n\n")]
    [DataRow("/v1/responses", """{"stream": true, "max_output_tokens": 16, "input": "Hi"}""", ": ping\n\n")]
    [DataRow(
        "/v1/messages", """{"stream": true, "max_tokens": 3, "messages": [{"role": "user", "content": "Hi"}]}""",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n")]
    public async Task A_request_that_waits_hears_that_it_does(string path, string body, string ping)
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with
        {
            Model = o.Model with { MaxSequences = 1 },
            PingPeriod = TimeSpan.FromMilliseconds(30),
        });
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> busy = server.Http.PostAsync(
            "/v1/completions", new StringContent(Long, null, "application/json"), leave.Token);
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "the request never ran");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, "application/json") };
        using HttpResponseMessage answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
        Task<string> stream = answer.Content.ReadAsStringAsync();
        await Task.Delay(200);
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => busy);
        string text = await stream;
        Assert.IsGreaterThan(3, text.Split(ping).Length, text);
        Assert.DoesNotContain("\"error\":{", text);
    }

    [TestMethod]
    public async Task A_client_that_leaves_while_it_waits_frees_its_place()
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with
        {
            Model = o.Model with { MaxSequences = 1 },
            PingPeriod = TimeSpan.FromMilliseconds(20),
        });
        using var leave = new CancellationTokenSource();
        Task[] both = [.. Enumerable.Range(0, 2).Select(_ => server.Http.PostAsync(
            "/v1/completions", new StringContent(Long[..^1] + ", \"stream\": true}", null, "application/json"), leave.Token))];
        await Until.TrueAsync(() => server.Engine.Status is { Running: 1, Waiting: 1 }, "the second never waited");
        await Task.Delay(100);
        server.Http.CancelPendingRequests();
        server.Http.Dispose();
        await leave.CancelAsync();
        await Until.TrueAsync(
            () => server.Engine.Status is { Running: 0, Waiting: 0, BlocksInUse: 0 }, "the sequences were not freed");
        await Task.WhenAll(both).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
