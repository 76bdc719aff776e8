using CsCheck;
using Glm5.Backends.CpuReference;
using Glm5.Core;

namespace Glm5.Tests.Unit.Ranks;

/// <summary>
/// The trained model on any layout of ranks, with chunked prompts, cached prefixes, preemption and drafts, against the
/// answers of one rank without any of them.
/// </summary>
[TestClass]
public sealed class RankLayoutTests
{
    private const int Context = 128, BlockSlots = 16, Tokens = 12, Alike = 7;

    /// <summary>Bytes of a slot in all layers, the draft layer's included: latent, rotary key and index key, in F32.</summary>
    private const long SlotBytes = (64 + 16 + 32) * sizeof(float) * 6;

    private static readonly int[][] s_prompts = Prompts();
    private static readonly Lazy<int[][]> s_plain = new(Plain);

    private static readonly Gen<Layout> s_layout =
        from ranks in OneOf(1, 2, 4)
        from groups in OneOf(1, 2, 4)
        where ranks * groups > 1 && ranks * groups <= 8
        from spread in Gen.Bool
        from drafts in OneOf(0, 1, 3)
        from budget in OneOf(9, 33, 64)
        from blocks in OneOf(9, 12, 60)
        from caching in Gen.Bool
        select new Layout(ranks, groups, spread, drafts, budget, blocks, caching);

    [TestMethod]
    [DataRow(2, 1, true, 0)]
    [DataRow(4, 1, true, 3)]
    [DataRow(1, 2, false, 0)]
    [DataRow(2, 2, false, 3)]
    [DataRow(1, 4, false, 1)]
    [DataRow(1, 3, false, 1)]
    public void Answers_are_those_of_one_rank(int ranks, int groups, bool spread, int drafts) =>
        Check(new Layout(ranks, groups, spread, drafts, Budget: 33, Blocks: 12, Caching: true), CpuVoice.Simd);

    [TestMethod]
    public void Preempted_sequences_answer_as_on_one_rank()
    {
        var layout = new Layout(Ranks: 2, Groups: 1, Spread: true, Drafts: 3, Budget: 64, Blocks: 9, Caching: true);
        Assert.IsGreaterThan(0, Check(layout, CpuVoice.Simd).Preemptions);
    }

    [TestMethod]
    public void The_oracle_spreads_experts_over_groups_alike() =>
        Check(new Layout(2, 2, true, 1, Budget: 64, Blocks: 60, Caching: true), CpuVoice.Oracle, prompts: 3);

    [TestMethod]
    public void Any_layout_gives_the_answers_of_one_rank()
    {
        long accepted = 0, cached = 0;
        s_layout.Sample(
            layout =>
            {
                EngineStatus status = Check(layout, CpuVoice.Simd);
                accepted += status.AcceptedTokens;
                cached += status.CachedTokens;
            },
            seed: "0000KX1wVL3e", iter: Soak.Times(6), threads: 1);
        Assert.IsGreaterThan(0, accepted, "no draft was accepted");
        Assert.IsGreaterThan(0, cached, "no prefix was found");
    }

    [TestMethod]
    public async Task A_conversation_goes_on_where_its_prefix_is()
    {
        using NanoServed served = Serve(new Layout(1, 4, true, 0, Budget: 64, Blocks: 60, Caching: true), CpuVoice.Simd);
        SamplingParameters greedy = Sampling(0);
        foreach (int[] prompt in s_prompts[..4])
        {
            int[] first = await served.AnswerAsync(prompt, Tokens, greedy);
            long before = served.Engine.Status.CachedTokens;
            await served.AnswerAsync([.. prompt, .. first, 5, 6, 7], 2, greedy);
            Assert.AreEqual(
                (prompt.Length + Tokens - 1) / BlockSlots * BlockSlots, served.Engine.Status.CachedTokens - before);
        }
    }

    private static Gen<int> OneOf(params int[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static EngineStatus Check(Layout layout, CpuVoice voice, int prompts = int.MaxValue)
    {
        using NanoServed served = Serve(layout, voice);
        Range first = ..Math.Min(prompts, Alike);
        Check(layout, served, first);
        if (prompts > Alike)
            Check(layout, served, Alike..);
        return served.Engine.Status;
    }

    /// <summary>Some prompts at once.</summary>
    private static void Check(Layout layout, NanoServed served, Range prompts)
    {
        (int first, int count) = prompts.GetOffsetAndLength(s_prompts.Length);
        var answers = new Task<int[]>[count];
        for (int i = 0; i < count; i++)
            answers[i] = served.AnswerAsync(s_prompts[first + i], Tokens, Sampling(first + i));
        Assert.IsTrue(Task.WaitAll(answers, TimeSpan.FromMinutes(2)), $"{layout} does not come to an end");
        for (int i = 0; i < count; i++)
            CollectionAssert.AreEqual(s_plain.Value[first + i], answers[i].Result, $"{layout}, prompt {first + i}");
    }

    private static NanoServed Serve(Layout layout, CpuVoice voice) => new(
        new ModelOptions
        {
            Folder = "",
            MaxModelLength = Context,
            MaxSequences = 16,
            MaxBatchedTokens = layout.Budget,
            BlockSlots = BlockSlots,
            KvBytes = layout.Blocks * BlockSlots * SlotBytes * layout.Ranks * layout.Groups,
            Ranks = layout.Ranks,
            Groups = layout.Groups,
            SpreadExperts = layout.Spread,
            SpeculativeTokens = layout.Drafts,
            PrefixCaching = layout.Caching,
        },
        voice);

    private static int[][] Plain()
    {
        using NanoServed served = Serve(
            new Layout(1, 1, false, Drafts: 0, Budget: 64, Blocks: 60, Caching: false), CpuVoice.Simd);
        return [.. s_prompts.Select((prompt, i) => served.AnswerAsync(prompt, Tokens, Sampling(i)).Result)];
    }

    /// <summary>Greedy and sampled by turns: with equal bits both are the same everywhere.</summary>
    private static SamplingParameters Sampling(int i) => new()
    {
        Temperature = i % 3 == 0 ? 0 : 0.8f,
        TopP = i % 2 == 0 ? 0.95f : 1,
        RepetitionPenalty = i % 4 == 1 ? 1.1f : 1,
        Seed = i,
    };

    /// <summary>Golden prompts; those from <see cref="Alike"/> on begin like one before.</summary>
    private static int[][] Prompts()
    {
        int[][] prompts = [.. Continuation.Within(Context - 20).Select(c => c.Prompt).Take(Alike)];
        int[] longest = prompts.MaxBy(p => p.Length)!;
        return [.. prompts, [.. longest, 9], [.. longest[..^3], 8]];
    }

    private sealed record Layout(
        int Ranks, int Groups, bool Spread, int Drafts, int Budget, int Blocks, bool Caching);
}
