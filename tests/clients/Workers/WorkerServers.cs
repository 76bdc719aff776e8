using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host;

namespace Glm5.Tests.Clients.Workers;

/// <summary>
/// Servers that are started once for all tests of a class: one whose ranks are two processes, and for each format of caches
/// one with a single rank in this process, whose answers are the right ones.
/// </summary>
internal sealed class WorkerServers : IAsyncDisposable
{
    /// <summary>Longer than starting workers takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const int Tokens = 12;

    private readonly Lazy<Task<RunningServer>> _two = new(() => StartAsync(options => options with { Ranks = 2 }));
    private readonly Dictionary<KvFormat, Lazy<Task<RunningServer>>> _plain = [];

    public WorkerServers()
    {
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            _plain[format] = new(() => RunningServer.StartAsync(
                options => options with { Model = options.Model with { KvFormat = format } }));
        }
    }

    /// <summary>Two processes that share every layer. Tests leave it as they found it.</summary>
    public Task<RunningServer> Two => _two.Value;

    /// <summary>Starts one whose ranks are processes.</summary>
    public static Task<RunningServer> StartAsync(Func<ModelOptions, ModelOptions> change) => RunningServer.StartAsync(
        options => options with
        {
            Model = change(options.Model with
            {
                AdaptSpeculation = false,
                WorkerProcesses = true,
                MaxModelLength = 4096,
                MaxBatchedTokens = 48,
            }),
        });

    /// <summary>Ends the test as inconclusive where there is no MPI.</summary>
    public static void RequireMpi()
    {
        if (BackendCatalog.Choose("cpu").Backend.ProcessRefusal is { } refusal)
            Assert.Inconclusive(refusal);
    }

    /// <summary>Greedy, sampled, penalised, biased, with log probabilities; prompts of one to three steps.</summary>
    public static GenerationRequest Request(int i, int tokens = Tokens) => new()
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

    /// <summary>A prompt that says the same over and over, for drafts that are looked up in it.</summary>
    public static GenerationRequest Repeating(int i) => new()
    {
        Prompt = [.. Enumerable.Range(0, 40 + (3 * i)).Select(p => 5 + (i * 20) + (p % 9))],
        MaxTokens = 2 * Tokens,
        Sampling = new SamplingParameters { Temperature = 0 },
    };

    /// <summary>One rank's answers to all requests.</summary>
    public async Task<List<SampledToken>[]> PlainAsync(KvFormat format, params GenerationRequest[] requests) =>
        await AllAsync(await _plain[format].Value, requests);

    /// <summary>Answers to requests that are sent together.</summary>
    public static Task<List<SampledToken>[]> AllAsync(RunningServer server, params GenerationRequest[] requests) =>
        Task.WhenAll(requests.Select(request => AnswerAsync(server, request))).WaitAsync(Patience);

    /// <summary>The answer to one request.</summary>
    public static async Task<List<SampledToken>> AnswerAsync(RunningServer server, GenerationRequest request)
    {
        var answer = new List<SampledToken>();
        using Generation generation = server.Engine.Submit(request);
        await foreach (SampledToken token in generation.ReadAllAsync())
            answer.Add(token);
        return answer;
    }

    /// <summary>Answers are the same to the bit: tokens, probabilities, and what else was likely.</summary>
    public static void AssertEqual(List<SampledToken>[] expected, List<SampledToken>[] got)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(
                expected[i].Select(t => t.Token).ToArray(), got[i].Select(t => t.Token).ToArray(), $"request {i}");
            CollectionAssert.AreEqual(
                expected[i].Select(t => t.LogProb).ToArray(), got[i].Select(t => t.LogProb).ToArray(), $"request {i}");
            CollectionAssert.AreEqual(
                expected[i].SelectMany(t => t.Top ?? []).ToArray(), got[i].SelectMany(t => t.Top ?? []).ToArray(), $"request {i}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<RunningServer>> server in _plain.Values.Append(_two))
        {
            if (server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await server.Value).DisposeAsync();
        }
    }
}
