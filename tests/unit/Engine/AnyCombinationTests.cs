using CsCheck;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>
/// The trained model served in every way at once: from cached blocks, in chunks, preempted, from the host, with drafts of
/// either kind, over ranks in one group or several, with experts in slices or whole, from caches of any format. Every answer
/// is the one that its request gets alone, computed whole, on one rank.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class AnyCombinationTests
{
    private const int Context = 192, BlockSlots = 16, Layers = 5, Enough = 40;

    private static readonly int[][] s_texts = NanoEngine.ReadTexts();

    private static readonly Dictionary<KvFormat, NanoEngine> s_plain = [];

    /// <summary>Ranks of a group, and groups.</summary>
    private static readonly (int Ranks, int Groups)[] s_layouts = [(1, 1), (2, 1), (4, 1), (1, 2), (2, 2), (1, 4)];

    private static readonly Gen<Way> s_way =
        from format in Gen.Int[0, 2].Select(format => (KvFormat)format)
        from layout in Gen.Int[0, s_layouts.Length - 1].Select(i => s_layouts[i])
        from spread in Gen.Bool
        from drafts in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[1, 7]))
        from looksUp in Gen.Bool
        from caching in Gen.Frequency((1, Gen.Const(false)), (4, Gen.Const(true)))
        from spare in Gen.Frequency((3, Gen.Int[0, 2]), (1, Gen.Int[0, 8]))
        from hostBlocks in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[4, 60]))
        from batch in Gen.Int[8, 96]
        from sequences in Gen.Int[1, 8]
        select new Way(format, layout, spread, drafts, looksUp, caching, spare, caching ? hostBlocks : 0, batch, sequences);

    private static readonly Gen<Ask> s_ask =
        from text in Gen.Frequency((3, Gen.Int[0, 2]), (1, Gen.Int[0, s_texts.Length - 1]))
        from kept in Gen.Frequency((3, Gen.Int[1, 50]), (2, Gen.Int[50, 110]))
        from added in Gen.Int[0, 1279].Array[0, 4]
        from most in Gen.Frequency((1, Gen.Int[1, 12]), (1, Gen.Int[30, 70]))
        from heat in Gen.Int[0, 2]
        from turns in Gen.Frequency((2, Gen.Int[0, 3]), (2, Gen.Int[10, 40]))
        select new Ask(text, kept, string.Join(' ', added), most, heat, turns);

    [TestMethod]
    public void Every_answer_is_the_one_that_its_request_gets_alone()
    {
        long cases = 0, grouped = 0, cached = 0, recalled = 0, accepted = 0, preempted = 0;
        Gen.Select(s_way, s_ask.Array[3, 9]).Sample(
            (way, asks) =>
            {
                EngineStatus status = Serve(way, asks);
                cases++;
                grouped += way.Layout.Groups > 1 ? 1 : 0;
                cached += status.CachedTokens;
                recalled += status.RecalledTokens;
                accepted += status.AcceptedTokens;
                preempted += status.Preemptions;
            }, iter: Soak.Times(4), threads: 1);
        TestContext.WriteLine(
            $"{cases} schedules, {grouped} of them over groups: {cached} cached tokens, {recalled} of them from the host, "
            + $"{accepted} drafts accepted, {preempted} preemptions");
        // A few schedules may all be of those that draft, share and run over groups in vain; many are not.
        if (cases < Enough)
            return;
        Assert.IsGreaterThan(0, grouped);
        Assert.IsGreaterThan(0, cached);
        Assert.IsGreaterThan(0, accepted);
    }

    public TestContext TestContext { get; set; } = null!;

    [ClassCleanup]
    public static void Unload()
    {
        foreach (NanoEngine runs in s_plain.Values)
            runs.Dispose();
        s_plain.Clear();
    }

    private static EngineStatus Serve(Way way, Ask[] asks)
    {
        ModelOptions options = way.Options();
        using var nano = new NanoEngine(options);
        Core.Engine engine = nano.Engine;
        var answers = new List<(GenerationRequest Request, GenerationStream Stream)>();
        foreach (Ask ask in asks)
        {
            GenerationRequest request = ask.Request();
            answers.Add((request, (GenerationStream)engine.Submit(request)));
            for (int turn = 0; turn < ask.Turns; turn++)
                engine.Turn();
            CheckEveryGroup(engine);
        }

        while (engine.Turn())
            CheckEveryGroup(engine);
        NanoEngine plain = PlainOf(way.Format);
        foreach ((GenerationRequest request, GenerationStream stream) in answers)
            CollectionAssert.AreEqual(plain.Answer(request)[0], EngineBench.Read(stream));
        return engine.Status;
    }

    private static void CheckEveryGroup(Core.Engine engine)
    {
        foreach (EngineGroup group in engine.Groups)
            SchedulerInvariants.Check(group.Scheduler);
    }

    /// <summary>One request after another on one rank, each computed whole.</summary>
    private static NanoEngine PlainOf(KvFormat format)
    {
        if (!s_plain.TryGetValue(format, out NanoEngine? runs))
        {
            var way = new Way(format, (1, 1), Spread: false, 0, LooksUp: false, Caching: false, 0, 0, Context, 1);
            s_plain[format] = runs = new NanoEngine(way.Options());
        }

        return runs;
    }

    /// <summary>How requests are served.</summary>
    private sealed record Way(
        KvFormat Format, (int Ranks, int Groups) Layout, bool Spread, int Drafts, bool LooksUp, bool Caching, int SpareBlocks,
        int HostBlocks, int Batch, int Sequences)
    {
        public ModelOptions Options()
        {
            bool drafting = Drafts > 0 && !LooksUp;
            var spec = new KvSpec(Layers + (drafting ? 1 : 0), 64, 16, 32, BlockSlots) { Format = Format };
            int ranks = Layout.Ranks * Layout.Groups;
            long blockBytes = spec.TokenBytes * BlockSlots * ranks;
            return new ModelOptions
            {
                Folder = RepositoryFiles.Nano,
                KvFormat = Format,
                Ranks = Layout.Ranks,
                Groups = Layout.Groups,
                SpreadExperts = Spread,
                Threads = ranks,
                MaxModelLength = Context,
                MaxSequences = Sequences,
                MaxBatchedTokens = Batch,
                BlockSlots = BlockSlots,
                KvBytes = ((Context / BlockSlots) + 1 + SpareBlocks) * blockBytes,
                HostCacheBytes = HostBlocks * blockBytes,
                PrefixCaching = Caching,
                SpeculativeTokens = Drafts,
                DraftMethod = LooksUp ? DraftMethod.PromptLookup : DraftMethod.DraftLayer,
                AdaptSpeculation = false,
                SkipTokenizer = true,
            };
        }
    }

    /// <summary>A prompt that begins as another may, and turns of the engine behind it.</summary>
    private sealed record Ask(int Text, int Kept, string Added, int Most, int Heat, int Turns)
    {
        public GenerationRequest Request() => new()
        {
            Prompt = [.. s_texts[Text].Take(Kept), .. Added.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)],
            MaxTokens = Most,
            Sampling = new SamplingParameters
            {
                Temperature = Heat * 0.6f,
                TopP = Heat == 1 ? 0.95f : 1,
                FrequencyPenalty = Heat == 2 ? 0.3f : 0,
                Seed = Text + Kept,
            },
        };
    }
}
