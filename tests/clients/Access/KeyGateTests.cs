using System.Net;
using System.Text.Json;
using Glm5.Host.Access;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Access;

/// <summary>A server with keys: who gets in, what each may use, and what changes while it runs.</summary>
[TestClass]
public sealed class KeyGateTests : IDisposable
{
    private const string One = """{"prompt": "x", "max_tokens": 1, "ignore_eos": true}""";
    private const string Long = """{"prompt": "go on", "max_tokens": 4000, "ignore_eos": true}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task A_changed_file_counts_without_a_restart_and_a_broken_one_changes_nothing()
    {
        Write(Key("alice", "secret-of-alice"));
        await using RunningServer server = await RunningServer.StartAsync(o => o with { ApiKeyFile = _folder["keys.json"] });
        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, null));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "secret-of-alice"));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, "secret-of-bob"));

        Write(Key("bob", "secret-of-bob"), Key("alice2", "other"));
        await UntilAsync(server, "secret-of-bob", HttpStatusCode.OK);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, "secret-of-alice"));

        _folder.Write("keys.json", "{ broken");
        await Task.Delay(FileWatch.Period * 1.5);
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "secret-of-bob"));

        KeyFile.Write(_folder["keys.json"], []);
        await UntilAsync(server, "secret-of-bob", HttpStatusCode.Unauthorized);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, null));
    }

    [TestMethod]
    public async Task A_key_beyond_its_requests_in_flight_gets_429_and_others_go_on()
    {
        Write(Key("alice", "secret-of-alice") with { Limits = new KeyLimits(1, null) }, Key("bob", "secret-of-bob"));
        await using RunningServer server = await RunningServer.StartAsync(o => o with { ApiKeyFile = _folder["keys.json"] });
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> busy = server.Http.SendAsync(Request("secret-of-alice", Long), leave.Token);
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "the request never ran");
        using HttpResponseMessage refused = await server.Http.SendAsync(Request("secret-of-alice", One));
        Assert.AreEqual(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.IsNotNull(refused.Headers.RetryAfter);
        Assert.AreEqual("1", refused.Headers.GetValues("x-ratelimit-limit-requests").Single());
        JsonElement error = JsonElement.Parse(await refused.Content.ReadAsStringAsync()).At("error");
        Assert.AreEqual("rate_limit_exceeded", error.At("code").GetString());
        Assert.AreEqual("rate_limit_error", error.At("type").GetString());
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "secret-of-bob"));

        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => busy);
        await UntilAsync(server, "secret-of-alice", HttpStatusCode.OK);
    }

    [TestMethod]
    public async Task Tokens_of_prompts_and_answers_are_charged_and_a_debt_means_429()
    {
        Write(Key("alice", "secret-of-alice"));
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { ApiKeyFile = _folder["keys.json"], KeyLimits = new KeyLimits(null, 60) });
        using (HttpResponseMessage first = await server.Http.SendAsync(
            Request("secret-of-alice", """{"prompt": [5, 6, 7, 8], "max_tokens": 100, "ignore_eos": true}""")))
        {
            Assert.AreEqual(HttpStatusCode.OK, first.StatusCode);
            Assert.AreEqual("60", first.Headers.GetValues("x-ratelimit-remaining-tokens").Single());
        }

        using HttpResponseMessage refused = await server.Http.SendAsync(Request("secret-of-alice", One));
        Assert.AreEqual(HttpStatusCode.TooManyRequests, refused.StatusCode);
        // 4 tokens of the prompt and 100 of the answer are 44 beyond the minute's 60; less what came since.
        Assert.IsInRange(35, 45, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Contains("60 tokens a minute", await refused.Content.ReadAsStringAsync());

        using HttpRequestMessage message = Request("secret-of-alice", "{}", "/v1/messages");
        using HttpResponseMessage anthropic = await server.Http.SendAsync(message);
        Assert.AreEqual(HttpStatusCode.TooManyRequests, anthropic.StatusCode);
        Assert.AreEqual("0", anthropic.Headers.GetValues("anthropic-ratelimit-tokens-remaining").Single());
        JsonElement answer = JsonElement.Parse(await anthropic.Content.ReadAsStringAsync());
        Assert.AreEqual("rate_limit_error", answer.At("error", "type").GetString());
        Assert.AreEqual(anthropic.Headers.GetValues("request-id").Single(), answer.At("request_id").GetString());
    }

    [TestMethod]
    public async Task Every_path_asks_for_the_key_that_is_not_meant_to_be_open()
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with { ApiKeys = ["secret"] });
        foreach (string path in Host.Api.ApiRoutes.Listing.Split(", "))
        {
            bool isOpen = path is "/ping" or "/metrics" or "/version" or "/openapi.json"
                || path.StartsWith("/health", StringComparison.Ordinal);
            using HttpResponseMessage read = await server.Http.GetAsync(path);
            using HttpResponseMessage posted = await server.Http.PostAsync(path, null);
            Assert.AreEqual(isOpen ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, read.StatusCode, path);
            Assert.IsTrue(isOpen || posted.StatusCode == HttpStatusCode.Unauthorized, path);
        }
    }

    private static ApiKey Key(string name, string secret) => new(name, ApiKey.DigestOf(secret));

    private void Write(params ApiKey[] keys) => KeyFile.Write(_folder["keys.json"], keys);

    private static HttpRequestMessage Request(string? secret, string body, string path = "/v1/completions")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, null, "application/json"),
        };
        if (secret is not null)
            request.Headers.Authorization = new("Bearer", secret);
        return request;
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, string? secret)
    {
        using HttpResponseMessage answer = await server.Http.SendAsync(Request(secret, One));
        return answer.StatusCode;
    }

    private static async Task UntilAsync(RunningServer server, string secret, HttpStatusCode status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await StatusAsync(server, secret) != status)
            await Task.Delay(50, patience.Token);
    }
}
