using System.Diagnostics;
using System.Net;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;
using Glm5.Host.Workers;

namespace Glm5.Tests.Clients.Workers;

/// <summary>Ranks in processes of their own, as a server with <c>--worker-processes</c> runs them.</summary>
[TestClass]
public sealed class WorkerProcessTests
{
    private const int Requests = 6;

    private static readonly WorkerServers s_servers = new();

    private static readonly GenerationRequest[] s_requests =
        [.. Enumerable.Range(0, Requests).Select(i => WorkerServers.Request(i))];

    public TestContext TestContext { get; set; } = null!;

    [ClassCleanup]
    public static async Task EndAsync() => await s_servers.DisposeAsync();

    [TestMethod]
    public async Task Two_processes_answer_as_one_rank_does()
    {
        WorkerServers.RequireMpi();
        List<SampledToken>[] expected = await s_servers.PlainAsync(KvFormat.F32, s_requests);
        WorkerServers.AssertEqual(expected, await WorkerServers.AllAsync(await s_servers.Two, s_requests));
    }

    [TestMethod]
    [DataRow(1, 2)]
    [DataRow(2, 2)]
    public async Task Groups_of_processes_that_draft_answer_as_one_rank_does(int ranks, int groups)
    {
        WorkerServers.RequireMpi();
        List<SampledToken>[] expected = await s_servers.PlainAsync(KvFormat.F32, s_requests);
        int[] others = WorkerIds.Find();
        await using RunningServer workers = await WorkerServers.StartAsync(
            options => options with { Ranks = ranks, Groups = groups, SpeculativeTokens = 2 });
        Assert.HasCount(ranks * groups, WorkerIds.Find().Except(others).ToArray());
        WorkerServers.AssertEqual(expected, await WorkerServers.AllAsync(workers, s_requests));
        Assert.IsGreaterThan(0, workers.Engine.Status.AcceptedTokens);
    }

    [TestMethod]
    public async Task Whole_experts_narrow_caches_copies_on_the_host_and_looked_up_drafts_answer_as_one_rank_does()
    {
        WorkerServers.RequireMpi();
        GenerationRequest[] requests = [.. s_requests, WorkerServers.Repeating(0), WorkerServers.Repeating(1)];
        List<SampledToken>[] expected = await s_servers.PlainAsync(KvFormat.FP8, requests);
        await using RunningServer workers = await WorkerServers.StartAsync(Tight);
        for (int round = 0; round < 2; round++)
        {
            // One after another: the prefixes of each round take the blocks of the round before.
            for (int i = 0; i < requests.Length; i++)
                WorkerServers.AssertEqual([expected[i]], [await WorkerServers.AnswerAsync(workers, requests[i])]);
        }

        EngineStatus status = workers.Engine.Status;
        Assert.IsGreaterThan(0, status.RecalledTokens, "nothing came back from the host");
        Assert.IsGreaterThan(0, status.DraftedTokens, "nothing was looked up");
    }

    [TestMethod]
    [DataRow("response_format", "\"response_format\": {\"type\": \"json_object\"}")]
    [DataRow("tool_choice", "\"tool_choice\": \"required\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]")]
    public async Task Answers_with_a_form_are_refused_with_the_flag_that_is_in_their_way(string field, string asked)
    {
        WorkerServers.RequireMpi();
        using var body = new StringContent(
            $$"""{"model": "glm5-nano", "messages": [{"role": "user", "content": "hi"}], {{asked}}}""", null, "application/json");
        RunningServer server = await s_servers.Two;
        using HttpResponseMessage answer = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body);
        Assert.AreEqual(HttpStatusCode.BadRequest, answer.StatusCode);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.Contains(field, said);
        Assert.Contains("--worker-processes", said);
    }

    [TestMethod]
    public async Task Requests_fail_soon_when_a_worker_is_killed_and_the_next_are_served()
    {
        WorkerServers.RequireMpi();
        RunningServer server = await s_servers.Two;
        Engine before = server.Engine;
        long generated = before.Status.GeneratedTokens;
        Task<Broken>[] running =
            [.. Enumerable.Range(0, Requests).Select(i => ReadAsync(before.Submit(WorkerServers.Request(i, 3000))))];
        await Until.TrueAsync(() => before.Status.GeneratedTokens > generated + 20, "nothing is generated");

        int victim = WorkerIds.Find()[^1];
        long killed = Stopwatch.GetTimestamp();
        Process.GetProcessById(victim).Kill();
        Broken[] broken = await Task.WhenAll(running).WaitAsync(WorkerServers.Patience);
        TimeSpan failed = Stopwatch.GetElapsedTime(killed);
        Assert.IsLessThan(10, failed.TotalSeconds, "requests hang");
        await RequireToldToWaitAsync(server);
        await RequireNoWrongTokenAsync(broken, $"(process {victim}) has ended");

        while (!server.Model.TryGetReady(out ReadyModel? ready) || ready.Engine == before)
        {
            Assert.IsNull(server.Model.Failure);
            Assert.IsLessThan(WorkerServers.Patience, Stopwatch.GetElapsedTime(killed), "the workers do not come back");
            await Task.Delay(50);
        }

        TestContext.WriteLine(
            $"requests failed after {failed.TotalSeconds:F2} s, the next were served after {Stopwatch.GetElapsedTime(killed).TotalSeconds:F2} s");
        WorkerServers.AssertEqual(
            await s_servers.PlainAsync(KvFormat.F32, s_requests), await WorkerServers.AllAsync(server, s_requests));
        Assert.IsFalse(WorkerIds.Find().Contains(victim));
    }

    [TestMethod]
    public void A_backend_without_ranks_in_processes_says_so()
    {
        var backend = new Api.FailingBackend();
        AcceleratorException refusal = Assert.ThrowsExactly<AcceleratorException>(() => WorkerModel.Load(
            new ModelOptions { Folder = EmbeddedModel.Folder, Ranks = 2 }, backend, new Core.Weights.LoadProgress(TimeProvider.System),
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System, default));
        Assert.Contains("--worker-processes: ranks of cpu are threads of one process", refusal.Message);
    }

    /// <summary>Caches of few blocks, and a host that keeps what they have no room for.</summary>
    private static ModelOptions Tight(ModelOptions options)
    {
        var caches = new KvSpec(5, 64, 16, 32, 16) { Format = KvFormat.FP8 };
        long blockBytes = caches.TokenBytes * caches.BlockSlots * 2;
        return options with
        {
            Ranks = 2,
            SpreadExperts = true,
            MaxModelLength = 160,
            BlockSlots = caches.BlockSlots,
            KvFormat = caches.Format,
            KvBytes = 12 * blockBytes,
            HostCacheBytes = 64 * blockBytes,
            SpeculativeTokens = 3,
            DraftMethod = DraftMethod.PromptLookup,
        };
    }

    private static async Task RequireToldToWaitAsync(RunningServer server)
    {
        using HttpResponseMessage health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative));
        if (server.Model.TryGetReady(out _))
            return; // They are back already.
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("\"loading\"", await health.Content.ReadAsStringAsync());
    }

    /// <summary>What came before the end is the beginning of what one rank answers.</summary>
    private static async Task RequireNoWrongTokenAsync(Broken[] broken, string reason)
    {
        for (int i = 0; i < broken.Length; i++)
        {
            Assert.Contains(reason, broken[i].Failure!);
            if (broken[i].Tokens.Count == 0)
                continue;
            GenerationRequest asFar = WorkerServers.Request(i, broken[i].Tokens.Count);
            WorkerServers.AssertEqual(await s_servers.PlainAsync(KvFormat.F32, asFar), [broken[i].Tokens]);
        }
    }

    private static async Task<Broken> ReadAsync(Generation generation)
    {
        var tokens = new List<SampledToken>();
        try
        {
            await foreach (SampledToken token in generation.ReadAllAsync())
                tokens.Add(token);
            return new Broken(tokens, null);
        }
        catch (AcceleratorException failure)
        {
            return new Broken(tokens, failure.Message);
        }
    }

    /// <summary>An answer that did not come to its end, and why.</summary>
    private sealed record Broken(List<SampledToken> Tokens, string? Failure);
}
