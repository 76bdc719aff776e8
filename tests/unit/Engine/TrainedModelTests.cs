using System.Text.Json;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Engine;

/// <summary>The trained model through loader, engine and oracle, against its golden continuations.</summary>
[TestClass]
public sealed class TrainedModelTests
{
    private const int Context = 128, BlockSlots = 16;

    /// <summary>Bytes of a slot in one layer: latent, rotary key and index key, in F32.</summary>
    private const long SlotBytes = (64 + 16 + 32) * sizeof(float);

    private const int MainLayers = 5;

    private static readonly GoldenCase[] s_cases = [.. GoldenCase.Read().Where(c => c.Prompt.Length + c.Output.Length <= Context)];

    [TestMethod]
    public async Task Golden_prompts_continue_identically_one_by_one()
    {
        using var served = new Served(maxSequences: 4, poolTokens: 4 * Context);
        foreach (GoldenCase golden in s_cases.Where(c => c.Output.Length < 30))
            CollectionAssert.AreEqual(golden.Output, await served.Continue(golden), golden.Name);
    }

    [TestMethod]
    [DataRow(CpuVoice.Oracle)]
    [DataRow(CpuVoice.Simd)]
    public async Task Golden_prompts_continue_identically_all_together_and_preempted(CpuVoice voice)
    {
        using var served = new Served(maxSequences: 16, poolTokens: Context, voice: voice);
        int[][] answers = await Task.WhenAll(s_cases.Select(served.Continue));
        for (int i = 0; i < s_cases.Length; i++)
            CollectionAssert.AreEqual(s_cases[i].Output, answers[i], s_cases[i].Name);
        Assert.IsGreaterThan(0, served.Engine.Status.Preemptions);
    }

    [TestMethod]
    public async Task Golden_prompts_continue_identically_from_cached_blocks()
    {
        using var served = new Served(maxSequences: 16, poolTokens: 16 * Context);
        GoldenCase[] cases = [.. s_cases.Where(c => c.Output.Length < 30)];
        foreach (GoldenCase golden in cases.Concat(cases))
            CollectionAssert.AreEqual(golden.Output, await served.Continue(golden), golden.Name);
        Assert.AreEqual(
            cases.Sum(c => (c.Prompt.Length - 1) / BlockSlots * BlockSlots), served.Engine.Status.CachedTokens,
            "found the second time");
    }

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(3, 2)]
    public async Task Golden_prompts_continue_identically_from_the_host(int drafts, int ranks)
    {
        using var served = new Served(
            maxSequences: 4, poolTokens: Context, drafts: drafts, ranks: ranks, hostTokens: 16 * Context);
        GoldenCase[] cases = [.. s_cases.Where(c => c.Output.Length < 30)];
        foreach (GoldenCase golden in cases.Concat(cases))
            CollectionAssert.AreEqual(golden.Output, await served.Continue(golden), golden.Name);
        EngineStatus status = served.Engine.Status;
        Assert.AreEqual(
            cases.Sum(c => (c.Prompt.Length - 1) / BlockSlots * BlockSlots), status.CachedTokens, "found the second time");
        Assert.IsGreaterThan(status.CachedTokens / 2, status.RecalledTokens, "of the little that the device can keep");
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(3)]
    public async Task The_next_turn_of_a_conversation_is_the_same_from_cached_blocks(int drafts)
    {
        using Served cached = new(maxSequences: 16, poolTokens: 16 * Context, drafts: drafts);
        using Served computed = new(maxSequences: 16, poolTokens: 16 * Context, prefixCaching: false);
        foreach (GoldenCase golden in s_cases.Where(c => c.Output.Length < 30))
        {
            await cached.Continue(golden);
            int[] turns = [.. golden.Prompt, .. golden.Output, .. golden.Prompt[1..9]];
            var next = new GoldenCase(golden.Name, turns, new int[12]);
            CollectionAssert.AreEqual(await computed.Continue(next), await cached.Continue(next), golden.Name);
        }

        Assert.IsGreaterThan(0, cached.Engine.Status.CachedTokens);
        Assert.AreEqual(0, computed.Engine.Status.CachedTokens);
    }

    [TestMethod]
    [DataRow(1, 1, 0.95)]
    [DataRow(3, 1, 0.7)]
    [DataRow(7, 1, 0.4)]
    [DataRow(3, 2, 0.7)]
    public async Task Golden_prompts_continue_identically_with_drafts(int drafts, int ranks, double accepted)
    {
        using var served = new Served(maxSequences: 4, poolTokens: 4 * Context, drafts: drafts, ranks: ranks);
        foreach (GoldenCase golden in s_cases.Where(c => c.Output.Length < 30))
            CollectionAssert.AreEqual(golden.Output, await served.Continue(golden), golden.Name);
        EngineStatus status = served.Engine.Status;
        Assert.IsGreaterThan(
            accepted * status.DraftedTokens, (double)status.AcceptedTokens, $"{status.DraftedTokens} were drafted");
    }

    [TestMethod]
    [DataRow(DraftMethod.DraftLayer)]
    [DataRow(DraftMethod.PromptLookup)]
    public async Task Golden_prompts_continue_identically_with_drafts_all_together_and_preempted(DraftMethod method)
    {
        using var served = new Served(maxSequences: 16, poolTokens: Context, drafts: 3, method: method);
        int[][] answers = await Task.WhenAll(s_cases.Select(served.Continue));
        for (int i = 0; i < s_cases.Length; i++)
            CollectionAssert.AreEqual(s_cases[i].Output, answers[i], s_cases[i].Name);
        Assert.IsGreaterThan(0, served.Engine.Status.Preemptions);
        Assert.IsGreaterThan(0, served.Engine.Status.AcceptedTokens);
    }

    [TestMethod]
    [DataRow(DraftMethod.DraftLayer)]
    [DataRow(DraftMethod.PromptLookup)]
    public async Task Sampled_answers_are_the_very_same_with_drafts(DraftMethod method)
    {
        using Served plain = new(maxSequences: 4, poolTokens: 4 * Context);
        using Served drafting = new(maxSequences: 4, poolTokens: 4 * Context, drafts: 3, method: method);
        GoldenCase[] cases = [.. s_cases.Where(c => c.Output.Length < 30)];
        for (int i = 0; i < cases.Length; i++)
        {
            var sampling = new SamplingParameters
            {
                Temperature = i % 3 == 0 ? 0 : 0.9f,
                TopP = i % 2 == 0 ? 0.9f : 1,
                FrequencyPenalty = i % 3 == 1 ? 0.4f : 0,
                RepetitionPenalty = i % 4 == 1 ? 1.2f : 1,
                LogProbs = i % 5 == 0 ? 2 : null,
                Seed = i,
            };
            int[] expected = await plain.Continue(cases[i], sampling, cases[i].Output[^1]);
            int[] drafted = await drafting.Continue(cases[i], sampling, cases[i].Output[^1]);
            CollectionAssert.AreEqual(expected, drafted, cases[i].Name);
        }

        Assert.IsGreaterThan(0, drafting.Engine.Status.AcceptedTokens);
    }

    private sealed record GoldenCase(string Name, int[] Prompt, int[] Output)
    {
        public static IEnumerable<GoldenCase> Read()
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Nano, "golden.json")));
            return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(
                c.GetProperty("name").GetString()!, Ids(c.GetProperty("prompt_ids")), Ids(c.GetProperty("output_ids"))))];
        }

        private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
    }

    /// <summary>A model loaded for a pool of so many tokens.</summary>
    private sealed class Served : IDisposable
    {
        private readonly LoadedModel _model;

        public Served(int maxSequences, int poolTokens, bool prefixCaching = true, int drafts = 0, int ranks = 1,
            CpuVoice voice = CpuVoice.Oracle, int hostTokens = 0,
            DraftMethod method = DraftMethod.DraftLayer)
        {
            bool hasDraftRows = drafts > 0 && method == DraftMethod.DraftLayer;
            long tokenBytes = SlotBytes * (MainLayers + (hasDraftRows ? 1 : 0)) * ranks;
            var options = new ModelOptions
            {
                Folder = RepositoryFiles.Nano,
                MaxModelLength = Context,
                MaxSequences = maxSequences,
                MaxBatchedTokens = 64,
                BlockSlots = BlockSlots,
                KvBytes = (poolTokens + BlockSlots) * tokenBytes,
                HostCacheBytes = hostTokens * tokenBytes,
                PrefixCaching = prefixCaching,
                SpeculativeTokens = drafts,
                DraftMethod = method,
                Ranks = ranks,
                SkipTokenizer = true,
            };
            _model = ModelLoader.Load(
                options, new CpuBackend(voice), new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
            Assert.AreEqual(poolTokens, _model.Pool.Tokens);
            Engine = new Core.Engine(_model, options, TimeProvider.System, NullLogger.Instance);
        }

        public Core.Engine Engine { get; }

        public Task<int[]> Continue(GoldenCase golden) =>
            Continue(golden, new SamplingParameters { Temperature = 0 }, golden.Output[^1]);

        public async Task<int[]> Continue(GoldenCase golden, SamplingParameters sampling, params int[] stopIds)
        {
            var answer = new List<int>();
            using Generation generation = Engine.Submit(new GenerationRequest
            {
                Prompt = [.. golden.Prompt],
                Sampling = sampling,
                MaxTokens = golden.Output.Length,
                MinTokens = golden.Output.Length / 2,
                StopIds = [.. stopIds],
            });
            await foreach (SampledToken token in generation.ReadAllAsync())
                answer.Add(token.Token);
            return [.. answer];
        }

        public void Dispose()
        {
            Engine.Dispose();
            _model.Dispose();
        }
    }
}
