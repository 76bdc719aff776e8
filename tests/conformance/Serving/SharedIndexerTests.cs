using System.Text.Json.Nodes;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;
using Glm5.Tests.Conformance.Golden;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Conformance.Serving;

/// <summary>
/// A checkpoint whose layers and drafts share selections, through loader and engine: the oracle's tokens, with and
/// without cached prefixes, drafts and ranks. Narrow caches round what is summed in another order to other values now and
/// then, so theirs are compared with a plain run of the same backend.
/// </summary>
[TestClass]
public sealed class SharedIndexerTests
{
    private const int Context = 128, Answer = 12;

    private static readonly SeededCheckpoint s_checkpoint = new(
        73, ("indexer_types", Kinds("full", "shared", "shared", "full", "shared", "full")),
        ("index_share_for_mtp_iteration", true));

    private static readonly int[][] s_prompts =
        [.. new[] { 90, 20, 61, 90 }.Select((length, i) => (int[])[.. Enumerable.Range(0, length).Select(p => ((p * 37) + (i % 3)) % 101)])];

    [ClassCleanup]
    public static void Delete() => s_checkpoint.Dispose();

    [TestMethod]
    [DataRow(false, 0, 1, DisplayName = "computed whole")]
    [DataRow(true, 0, 1, DisplayName = "cached prefixes")]
    [DataRow(true, 3, 1, DisplayName = "cached prefixes and drafts")]
    [DataRow(true, 3, 2, DisplayName = "cached prefixes, drafts, two ranks")]
    public async Task Answers_are_those_of_a_plain_run(bool caching, int drafts, int ranks)
    {
        foreach (KvFormat format in (KvFormat[])[KvFormat.F32, KvFormat.FP8])
        {
            CpuVoice voice = format == KvFormat.F32 ? CpuVoice.Oracle : CpuVoice.Simd;
            int[][] expected = await AnswersOf(voice, format, caching: false, drafts: 0, ranks: 1);
            int[][] got = await AnswersOf(CpuVoice.Simd, format, caching, drafts, ranks);
            for (int i = 0; i < expected.Length; i++)
                CollectionAssert.AreEqual(expected[i], got[i], $"{format}, prompt {i}");
        }
    }

    private static async Task<int[][]> AnswersOf(CpuVoice voice, KvFormat format, bool caching, int drafts, int ranks)
    {
        var options = new ModelOptions
        {
            Folder = s_checkpoint.Folder,
            MaxModelLength = Context,
            MaxBatchedTokens = 48,
            MaxSequences = 4,
            BlockSlots = 16,
            KvFormat = format,
            Ranks = ranks,
            Threads = ranks,
            PrefixCaching = caching,
            SpeculativeTokens = drafts,
            AdaptSpeculation = false,
            SkipTokenizer = true,
        };
        using LoadedModel model = ModelLoader.Load(
            options, new CpuBackend(voice), new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
        using var engine = new Core.Engine(model, options, TimeProvider.System, NullLogger.Instance);
        var answers = new int[s_prompts.Length][];
        for (int i = 0; i < answers.Length; i++)
            answers[i] = await AnswerTo(engine, s_prompts[i]);
        if (caching)
            Assert.IsGreaterThan(0, engine.Status.CachedTokens);
        return answers;
    }

    private static async Task<int[]> AnswerTo(Core.Engine engine, int[] prompt)
    {
        using Generation generation = engine.Submit(new GenerationRequest
        {
            Prompt = [.. prompt],
            MaxTokens = Answer,
            Sampling = new SamplingParameters { Temperature = 0 },
        });
        var answer = new List<int>();
        await foreach (SampledToken token in generation.ReadAllAsync())
            answer.Add(token.Token);
        return [.. answer];
    }

    private static JsonArray Kinds(params string[] kinds) => [.. kinds.Select(kind => JsonValue.Create(kind))];
}
