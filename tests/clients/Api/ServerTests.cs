using System.Net;
using System.Text.Json;
using Glm5.Core.Accelerator;
using Glm5.Host;

namespace Glm5.Tests.Clients.Api;

/// <summary>The server around the model: loading, keys, load, clients that leave, stopping.</summary>
[TestClass]
public sealed class ServerTests
{
    private const string Long = """{"prompt": "go on", "max_tokens": 4000, "ignore_eos": true, "temperature": 1, "seed": 1""";

    [TestMethod]
    public async Task Health_names_and_errors_are_there_while_the_model_loads()
    {
        using var gate = new GatedBackend();
        await using RunningServer server = await RunningServer.ListenAsync(backend: gate);
        await gate.Reached;
        using HttpResponseMessage health = await server.Http.GetAsync("/health");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        JsonElement progress = JsonElement.Parse(await health.Content.ReadAsStringAsync());
        Assert.AreEqual("loading", progress.At("status").GetString());
        Assert.AreEqual("checking", progress.At("phase").GetString());
        JsonElement names = JsonElement.Parse(await server.Http.GetStringAsync("/v1/models"));
        Assert.AreEqual("glm5-nano", names.At("data", 0, "id").GetString());

        using HttpResponseMessage early = await server.Http.PostAsync("/v1/completions", new StringContent("{}", null, "application/json"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.IsNotNull(early.Headers.RetryAfter);
        Assert.Contains("loading", await early.Content.ReadAsStringAsync());

        gate.Open();
        await server.Server.Ready;
        JsonElement ready = JsonElement.Parse(await server.Http.GetStringAsync("/health"));
        Assert.AreEqual("ready", ready.At("status").GetString());
        names = JsonElement.Parse(await server.Http.GetStringAsync("/v1/models/glm5-nano"));
        Assert.AreEqual(4096, names.At("max_model_len").GetInt32());
    }

    [TestMethod]
    public async Task A_model_that_cannot_be_loaded_leaves_a_server_that_says_why()
    {
        await using RunningServer server = await RunningServer.ListenAsync(
            o => o with { Model = o.Model with { Folder = Path.Combine(Repository.Root, "docs") } });
        Exception? failure = await Assert.ThrowsAsync<Exception>(() => server.Server.Ready);
        using HttpResponseMessage health = await server.Http.GetAsync("/health");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        JsonElement answer = JsonElement.Parse(await health.Content.ReadAsStringAsync());
        Assert.AreEqual("failed", answer.At("status").GetString());
        Assert.AreEqual(failure.Message, answer.At("failure").GetString());
    }

    [TestMethod]
    public async Task Keys_are_asked_for_on_the_api_and_nowhere_else()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { ApiKeys = ["first", "second"] });
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(
            "/v1/completions", """{"prompt": "x", "max_tokens": 1}""");
        Assert.AreEqual(HttpStatusCode.Unauthorized, status);
        Assert.AreEqual("invalid_api_key", answer.At("error", "code").GetString());
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "third");
        (status, _) = await server.PostAsync("/v1/completions", """{"prompt": "x", "max_tokens": 1}""");
        Assert.AreEqual(HttpStatusCode.Unauthorized, status);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "second");
        await server.AnswerAsync("/v1/completions", """{"prompt": "x", "max_tokens": 1}""");
        server.Http.DefaultRequestHeaders.Authorization = null;
        await server.Http.GetStringAsync("/health");
        await server.Http.GetStringAsync("/metrics");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_client_that_leaves_frees_its_sequence(bool streamed)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent(Long + (streamed ? ", \"stream\": true}" : "}"), null, "application/json"),
        };
        Task<HttpResponseMessage> answer = server.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "the request never ran");
        HttpResponseMessage? response = streamed ? await answer : null;
        await leave.CancelAsync();
        response?.Dispose();
        if (!streamed)
            await Assert.ThrowsAsync<OperationCanceledException>(() => answer);
        await Until.TrueAsync(
            () => server.Engine.Status is { Running: 0, Waiting: 0, BlocksInUse: 0 }, "the sequence was not freed");
        Assert.IsLessThan(4000, server.Engine.Status.GeneratedTokens);
    }

    [TestMethod]
    public async Task Two_hundred_clients_at_once_are_all_answered()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        GoldenCase golden = NanoGolden.Case("greeting");
        string request = $$"""{"prompt": {{JsonSerializer.Serialize(golden.PromptIds)}}, "max_tokens": 40, "temperature": 0, "return_token_ids": true}""";
        for (int round = 0; round < Soak.Times(1); round++)
        {
            JsonElement[] answers = await Task.WhenAll(
                Enumerable.Range(0, 200).Select(_ => server.AnswerAsync("/v1/completions", request)));
            foreach (JsonElement answer in answers)
                CollectionAssert.AreEqual(golden.OutputIds, answer.At("choices", 0, "token_ids").Ids());
        }

        await Until.TrueAsync(
            () => server.Engine.Status is { Running: 0, Waiting: 0, BlocksInUse: 0 }, "sequences were not freed");
    }

    [TestMethod]
    public async Task A_full_queue_says_when_to_come_again()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { Model = o.Model with { MaxSequences = 1, MaxWaiting = 1 } });
        using var leave = new CancellationTokenSource();
        Task[] busy = [.. Enumerable.Range(0, 2).Select(_ => server.Http.PostAsync("/v1/completions", new StringContent(Long + "}", null, "application/json"), leave.Token))];
        await Until.TrueAsync(() => server.Engine.Status is { Running: 1, Waiting: 1 }, "the queue did not fill");
        using HttpResponseMessage refused = await server.Http.PostAsync(
            "/v1/completions", new StringContent(Long + "}", null, "application/json"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.IsNotNull(refused.Headers.RetryAfter);
        await leave.CancelAsync();
        await Task.WhenAll(busy).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [TestMethod]
    public async Task Stopping_lets_a_running_answer_end_and_takes_no_new_one()
    {
        RunningServer server = await RunningServer.StartAsync();
        Task<JsonElement> running = server.AnswerAsync(
            "/v1/completions", """{"prompt": "go on", "max_tokens": 100, "ignore_eos": true}""");
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "the request never ran");
        Task<bool> stopped = server.Server.StopAsync(CancellationToken.None);
        JsonElement answer = await running;
        Assert.AreEqual(100, answer.At("usage", "completion_tokens").GetInt32());
        Assert.IsTrue(await stopped);
        await server.DisposeAsync();
    }

    [TestMethod]
    public async Task Without_a_tokenizer_ids_go_in_and_out()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { Model = o.Model with { SkipTokenizer = true } });
        GoldenCase golden = NanoGolden.Case("greeting");
        JsonElement answer = await server.AnswerAsync(
            "/v1/completions", $$"""{"prompt": {{JsonSerializer.Serialize(golden.PromptIds)}}, "max_tokens": 40}""");
        CollectionAssert.AreEqual(golden.OutputIds, answer.At("choices", 0, "token_ids").Ids());
        Assert.AreEqual("", answer.At("choices", 0, "text").GetString());
        foreach ((string path, string body) in new[]
        {
            ("/v1/completions", "{\"prompt\": \"text\"}"), (
                "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"),
            ("/tokenize", "{\"prompt\": \"x\"}"), ("/v1/completions", "{\"prompt\": [1], \"stop\": \"x\"}"),
        })
        {
            (HttpStatusCode status, JsonElement refusal) = await server.PostAsync(path, body);
            Assert.AreEqual(HttpStatusCode.BadRequest, status);
            Assert.Contains("without a tokenizer", refusal.At("error", "message").GetString()!);
        }
    }

    [TestMethod]
    [DataRow("localhost")]
    [DataRow("*")]
    [DataRow("0.0.0.0")]
    public async Task Every_spelling_of_this_machine_takes_a_free_port(string host)
    {
        await using RunningServer server = await RunningServer.StartAsync(o => o with { Host = host });
        await server.Http.GetStringAsync("/health");
    }

    [TestMethod]
    [DataRow("/health")]
    [DataRow("/ping")]
    public async Task Readiness_is_asked_by_get_or_head(string path)
    {
        RunningServer server = await SharedServer.Server;
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using HttpResponseMessage answer = await server.Http.SendAsync(new HttpRequestMessage(method, path));
            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
            Assert.AreEqual(method == HttpMethod.Get, (await answer.Content.ReadAsStringAsync()).Length > 0);
        }
    }

    [TestMethod]
    public async Task The_version_is_told()
    {
        RunningServer server = await SharedServer.Server;
        Assert.StartsWith(
            "0.", JsonElement.Parse(await server.Http.GetStringAsync("/version")).At("version").GetString()!);
    }

    /// <summary>The cpu backend, behind a gate that loading has to pass.</summary>
    private sealed class GatedBackend : Backend, IDisposable
    {
        private readonly Backend _inner = BackendCatalog.Choose("cpu").Backend;
        private readonly ManualResetEventSlim _gate = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public override string Name => _inner.Name;

        public override int Preference => _inner.Preference;

        public void Open() => _gate.Set();

        public override ProbeResult Probe() => _inner.Probe();

        public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
        {
            _reached.TrySetResult();
            _gate.Wait(TimeSpan.FromSeconds(30));
            return _inner.Open(request);
        }

        public void Dispose()
        {
            _gate.Set();
            _gate.Dispose();
        }
    }
}
