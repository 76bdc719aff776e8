using System.Diagnostics;
using System.Net;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host;
using Glm5.Host.Serving;
using Glm5.Host.Workers;

namespace Glm5.Tests.Clients.Workers;

/// <summary>Ranks in two processes of their own, as a server with <c>--worker-processes</c> runs them.</summary>
[TestClass]
public sealed class WorkerProcessTests
{
    private const int Tokens = 12;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private static readonly Lazy<Task<List<SampledToken>[]>> s_plain = new(PlainAsync);

    private static Backend Cpu => BackendCatalog.Choose("cpu").Backend;

    [TestMethod]
    [DataRow(2, 1, false, 0)]
    [DataRow(2, 1, true, 2)]
    [DataRow(1, 2, true, 2)]
    public async Task Two_processes_answer_as_one_rank_does(int ranks, int groups, bool spread, int drafts)
    {
        RequireMpi();
        List<SampledToken>[] expected = await s_plain.Value;
        await using RunningServer workers = await StartAsync(ranks, groups, spread, drafts);
        List<SampledToken>[] got = await AllAsync(workers);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Select(t => t.Token).ToArray(), got[i].Select(t => t.Token).ToArray(), $"request {i}");
            CollectionAssert.AreEqual(
                expected[i].Select(t => t.LogProb).ToArray(), got[i].Select(t => t.LogProb).ToArray(), $"request {i}");
            CollectionAssert.AreEqual(
                expected[i].SelectMany(t => t.Top ?? []).ToArray(), got[i].SelectMany(t => t.Top ?? []).ToArray(), $"request {i}");
        }

        if (drafts > 0)
            Assert.IsGreaterThan(0, workers.Engine.Status.AcceptedTokens);
    }

    [TestMethod]
    [DataRow("response_format", "\"response_format\": {\"type\": \"json_object\"}")]
    [DataRow("tool_choice", "\"tool_choice\": \"required\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]")]
    public async Task Answers_with_a_form_are_refused_with_the_flag_that_is_in_their_way(string field, string asked)
    {
        RequireMpi();
        await using RunningServer server = await StartAsync(2, 1, spread: false, drafts: 0);
        using var body = new StringContent(
            $$"""{"model": "glm5-nano", "messages": [{"role": "user", "content": "hi"}], {{asked}}}""", null, "application/json");
        using HttpResponseMessage answer = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body);
        Assert.AreEqual(HttpStatusCode.BadRequest, answer.StatusCode);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.Contains(field, said);
        Assert.Contains("--worker-processes", said);
    }

    [TestMethod]
    public async Task Requests_fail_soon_when_a_worker_is_killed_and_the_next_are_served()
    {
        RequireMpi();
        await using RunningServer server = await StartAsync(2, 1, spread: false, drafts: 0);
        Task<string?>[] running = [.. Enumerable.Range(0, 6).Select(i => FailureAsync(server.Engine.Submit(Request(i, 3000))))];
        await Until.TrueAsync(() => server.Engine.Status.GeneratedTokens > 20, "nothing is generated");

        Engine before = server.Engine;
        int victim = WorkerIds()[^1];
        long killed = Stopwatch.GetTimestamp();
        Process.GetProcessById(victim).Kill();
        foreach (string? failure in await Task.WhenAll(running).WaitAsync(s_patience))
            Assert.Contains($"(process {victim}) has ended", failure!);
        Assert.IsLessThan(10, Stopwatch.GetElapsedTime(killed).TotalSeconds, "requests hang");

        while (!server.Model.TryGetReady(out ReadyModel? ready) || ready.Engine == before)
        {
            Assert.IsNull(server.Model.Failure);
            Assert.IsLessThan(s_patience, Stopwatch.GetElapsedTime(killed), "the workers do not come back");
            await Task.Delay(50);
        }

        CollectionAssert.AreEqual(
            (await s_plain.Value)[1].Select(t => t.Token).ToArray(), (await AnswerAsync(server, 1)).Select(t => t.Token).ToArray());
        Assert.IsFalse(WorkerIds().Contains(victim));
    }

    [TestMethod]
    public async Task Requests_are_told_to_come_again_while_workers_are_started_anew()
    {
        RequireMpi();
        await using RunningServer server = await StartAsync(2, 1, spread: false, drafts: 0);
        Process.GetProcessById(WorkerIds()[0]).Kill();
        await Until.TrueAsync(() => !server.Model.TryGetReady(out _), "nobody notices that a worker is gone");
        using HttpResponseMessage health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative));
        if (server.Model.TryGetReady(out _))
            return; // They are back already.
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("\"loading\"", await health.Content.ReadAsStringAsync());
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

    private static Task<RunningServer> StartAsync(int ranks, int groups, bool spread, int drafts) => RunningServer.StartAsync(
        options => options with
        {
            Model = options.Model with
            {
                Ranks = ranks,
                Groups = groups,
                SpreadExperts = spread,
                SpeculativeTokens = drafts,
                AdaptSpeculation = false,
                WorkerProcesses = true,
                MaxModelLength = 4096,
                MaxBatchedTokens = 48,
            },
        });

    private static async Task<List<SampledToken>[]> PlainAsync()
    {
        await using RunningServer plain = await RunningServer.StartAsync();
        return await AllAsync(plain);
    }

    private static void RequireMpi()
    {
        if (Cpu.ProcessRefusal is { } refusal)
            Assert.Inconclusive(refusal);
    }

    private static Task<List<SampledToken>[]> AllAsync(RunningServer server) =>
        Task.WhenAll(Enumerable.Range(0, 6).Select(i => AnswerAsync(server, i))).WaitAsync(s_patience);

    private static async Task<List<SampledToken>> AnswerAsync(RunningServer server, int i)
    {
        var answer = new List<SampledToken>();
        using Generation generation = server.Engine.Submit(Request(i, Tokens));
        await foreach (SampledToken token in generation.ReadAllAsync())
            answer.Add(token);
        return answer;
    }

    private static async Task<string?> FailureAsync(Generation generation)
    {
        try
        {
            await foreach (SampledToken _ in generation.ReadAllAsync())
            {
            }

            return null;
        }
        catch (AcceleratorException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Greedy, sampled, penalised, biased, with log probabilities; prompts of one to three steps.</summary>
    private static GenerationRequest Request(int i, int tokens) => new()
    {
        Prompt = [.. Enumerable.Range(0, 7 + (19 * i)).Select(p => 5 + (((p * 37) + (i * 11)) % 900))],
        MaxTokens = tokens,
        Sampling = new SamplingParameters
        {
            Temperature = i % 3 == 0 ? 0 : 0.9f,
            TopP = i == 1 ? 0.9f : 1,
            TopK = i == 2 ? 20 : 0,
            RepetitionPenalty = i == 3 ? 1.2f : 1,
            FrequencyPenalty = i == 4 ? 0.5f : 0,
            LogitBias = i == 4 ? new Dictionary<int, float> { [17] = 3, [900] = -5 } : [],
            LogProbs = i is 1 or 5 ? 2 : null,
            Seed = 40 + i,
        },
    };

    /// <summary>Workers of servers in this process.</summary>
    private static int[] WorkerIds()
    {
        var ids = new List<int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(name => int.TryParse(Path.GetFileName(name), out _)))
        {
            int id = int.Parse(Path.GetFileName(folder), null);
            if (Words(id) is [_, "worker", ..] && Words(Parent(id)) is ["mpirun", ..] && Parent(Parent(id)) == Environment.ProcessId)
                ids.Add(id);
        }

        ids.Sort();
        return [.. ids];
    }

    private static string[] Words(int id) => Read($"/proc/{id}/cmdline").Split('\0');

    private static int Parent(int id)
    {
        string stat = Read($"/proc/{id}/stat");
        return stat.Length == 0 ? 0 : int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], null);
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
