using CsCheck;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host.Workers;
using Glm5.Host.Workers.Wire;
using Google.Protobuf;
using SequenceOrder = Glm5.Host.Workers.Wire.SequenceOrder;

namespace Glm5.Tests.Clients.Workers;

/// <summary>Steps that travel as changes of the step before arrive as they were.</summary>
[TestClass]
public sealed class OrderTests
{
    private const int Vocabulary = 50, BlockSlots = 4, MaxTokens = 64, MaxSequences = 6, Drafts = 3;

    [TestMethod]
    public void Any_series_of_steps_arrives_as_it_was() => Gen.Int[0, int.MaxValue].Sample(
        seed =>
        {
            var random = new Random(seed);
            var (sentLayout, sentBatch) = New();
            var (layout, batch) = New();
            var writer = new OrderWriter();
            var reader = new OrderReader(layout, batch, TokenMask.Nothing, new SamplingScratch(Vocabulary));
            List<Life> lives = [];
            for (int step = 0; step < 12; step++)
            {
                Fill(sentLayout, sentBatch, lives, random);
                byte[] bytes = writer.Write(sentLayout, sentBatch).ToByteArray();
                reader.Read(Order.Parser.ParseFrom(bytes));
                AssertEqual(sentLayout, layout);
                AssertEqual(sentBatch, batch);
                Choose(sentBatch, random);
                Choose(batch, sentBatch);
            }
        }, seed: "0000KX1wVL3e", iter: Soak.Times(150), threads: 1);

    [TestMethod]
    public void What_was_chosen_arrives_as_it_was()
    {
        var (_, here) = New();
        var (_, there) = New();
        foreach (SampleBatch batch in (SampleBatch[])[here, there])
        {
            batch.Add(NewSampler(1), [4, 5], 9);
            batch.Add(NewSampler(2), [], 9);
        }

        there.Tokens[0] = new SampledToken(4, -0.5f, [new TokenLogProb(4, -0.5f), new TokenLogProb(9, -1.5f)]);
        there.Tokens[1] = new SampledToken(7, -2, []);
        there.Tokens[3] = new SampledToken(8, float.NaN, null);
        (there.TokenCount[0], there.TokenCount[1]) = (2, 1);
        there.AddNextDraft(1, 33);
        AnswerWire.Read(Answer.Parser.ParseFrom(AnswerWire.Write(there).ToByteArray()), here);
        CollectionAssert.AreEqual(new[] { 2, 1 }, here.TokenCount.ToArray());
        Assert.AreEqual((4, -0.5f), (here.Tokens[0].Token, here.Tokens[0].LogProb));
        CollectionAssert.AreEqual(there.Tokens[0].Top, here.Tokens[0].Top);
        Assert.IsEmpty(here.Tokens[1].Top!);
        Assert.IsNull(here.Tokens[3].Top);
        CollectionAssert.AreEqual(new[] { 33 }, here.NextDrafts(1).ToArray());
        Assert.AreEqual(2, here.Samplers[0].State.Accepted, "samplers here count too");
    }

    [TestMethod]
    public void Orders_that_refer_to_what_is_not_there_are_refused()
    {
        var (layout, batch) = New();
        var reader = new OrderReader(layout, batch, TokenMask.Nothing, new SamplingScratch(Vocabulary));
        Assert.Contains("block table 3 of 0", Refusal(new SequenceOrder { Previous = 3, Tokens = { 1 } }));
        Assert.Contains("keeps 2 blocks of 0", Refusal(new SequenceOrder { KeptBlocks = 2, Tokens = { 1 } }));
        Assert.Contains("sampler 1 of 0", Assert.ThrowsExactly<InvalidDataException>(
            () => reader.Read(new Order { Samples = { new SampleOrder { Previous = 1 } } })).Message);

        string Refusal(SequenceOrder sequence) => Assert.ThrowsExactly<InvalidDataException>(
            () => reader.Read(new Order { Sequences = { sequence } })).Message;
    }

    [TestMethod]
    public void An_answer_to_another_step_is_refused()
    {
        var (_, batch) = New();
        batch.Add(NewSampler(1), [4], 9);
        Assert.ThrowsExactly<InvalidDataException>(() => AnswerWire.Read(new Answer(), batch));
        Assert.ThrowsExactly<InvalidDataException>(() => AnswerWire.Read(new Answer { Chosen = { new Chosen() } }, batch));
    }

    /// <summary>Sequences come, stay away for a step, grow, are given other blocks, and go.</summary>
    private static void Fill(StepLayout layout, SampleBatch batch, List<Life> lives, Random random)
    {
        layout.Clear();
        batch.Clear();
        (batch.NextDraftLength, batch.PeerDrafts) = (random.Next(Drafts + 1), random.Next(Drafts + 1));
        lives.RemoveAll(_ => random.Next(8) == 0);
        if (lives.Count < MaxSequences)
            lives.Add(new Life(NewSampler(random.Next())));
        foreach (Life life in lives.Where(_ => random.Next(6) > 0))
        {
            life.Change(random);
            int room = (life.Count * BlockSlots) - 1, drafts = Math.Min(random.Next(Drafts), room / 2);
            int tokens = 1 + random.Next(Math.Min(5, room - drafts + 1)), position = random.Next(room - drafts - tokens + 2);
            bool samples = random.Next(3) > 0;
            layout.AddSequence(new BlockTable(life.Blocks, life.Count), samples ? StepLayout.ChosenByStep : 7);
            for (int t = 0; t < tokens; t++)
                layout.AddToken(random.Next(Vocabulary), position + t, samples && t == tokens - 1);
            if (!samples)
                continue;
            int[] drafted = [.. Enumerable.Range(0, drafts).Select(_ => random.Next(Vocabulary))];
            for (int d = 0; d < drafts; d++)
                layout.AddToken(drafted[d], position + tokens + d, wantsLogits: true);
            batch.Add(life.Sampler, drafted, random.Next(20));
        }
    }

    private static void Choose(SampleBatch batch, Random random)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            int row = batch.FirstRow[i];
            batch.Tokens[row] = new SampledToken(random.Next(Vocabulary), 0, null);
            batch.Samplers[i].Accept(batch.Tokens[row].Token);
        }
    }

    private static void Choose(SampleBatch batch, SampleBatch like)
    {
        for (int i = 0; i < batch.Count; i++)
            batch.Samplers[i].Accept(like.Tokens[like.FirstRow[i]].Token);
    }

    private static void AssertEqual(StepLayout expected, StepLayout got)
    {
        CollectionAssert.AreEqual(expected.TokenIds.ToArray(), got.TokenIds.ToArray());
        CollectionAssert.AreEqual(expected.Positions.ToArray(), got.Positions.ToArray());
        CollectionAssert.AreEqual(expected.Slots.ToArray(), got.Slots.ToArray());
        CollectionAssert.AreEqual(expected.QueryStart.ToArray(), got.QueryStart.ToArray());
        CollectionAssert.AreEqual(expected.ContextLength.ToArray(), got.ContextLength.ToArray());
        CollectionAssert.AreEqual(expected.TokenAfter.ToArray(), got.TokenAfter.ToArray());
        CollectionAssert.AreEqual(expected.LogitRows.ToArray(), got.LogitRows.ToArray());
        for (int s = 0; s < expected.SequenceCount; s++)
        {
            BlockTable table = expected.BlockTables[s], other = got.BlockTables[s];
            CollectionAssert.AreEqual(table.Blocks[..table.Count], other.Blocks[..other.Count]);
        }
    }

    private static void AssertEqual(SampleBatch expected, SampleBatch got)
    {
        Assert.AreEqual((expected.NextDraftLength, expected.PeerDrafts), (got.NextDraftLength, got.PeerDrafts));
        CollectionAssert.AreEqual(expected.FirstRow.ToArray(), got.FirstRow.ToArray());
        CollectionAssert.AreEqual(expected.Drafts.ToArray(), got.Drafts.ToArray());
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(i => MathF.Sin(i * 1.7f) * 3)];
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.AreEqual(expected.Room(i), got.Room(i));
            Assert.AreEqual(
                expected.Samplers[i].Choose([.. logits]), got.Samplers[i].Choose([.. logits]), $"sampler {i} chooses otherwise");
        }
    }

    private static SequenceSampler NewSampler(int seed) => new(
        new GenerationRequest
        {
            Prompt = [.. Enumerable.Range(0, 1 + (seed % 5)).Select(i => (seed + i) % Vocabulary)],
            MinTokens = seed % 3,
            StopIds = [seed % Vocabulary],
            Thinking = seed % 4 == 1 ? new ThinkingBudget(seed % 9, CloseId: 11, seed % 8 == 1 ? null : 12) : null,
            Sampling = new SamplingParameters
            {
                Temperature = seed % 4 == 0 ? 0 : 1.1f,
                TopP = seed % 3 == 0 ? 0.8f : 1,
                TopK = seed % 5 == 0 ? 7 : 0,
                MinP = seed % 7 == 0 ? 0.1f : 0,
                RepetitionPenalty = seed % 2 == 0 ? 1.3f : 1,
                PresencePenalty = seed % 6 == 0 ? 0.2f : 0,
                LogitBias = seed % 11 == 0 ? new Dictionary<int, float> { [3] = 2, [1] = -2 } : [],
            },
        },
        seed, TokenMask.Nothing, new SamplingScratch(Vocabulary));

    private static (StepLayout Layout, SampleBatch Batch) New() =>
        (new StepLayout(MaxTokens, MaxSequences, BlockSlots), new SampleBatch(MaxSequences, MaxTokens, Drafts));

    /// <summary>A sequence's blocks from step to step.</summary>
    private sealed class Life(SequenceSampler sampler)
    {
        public SequenceSampler Sampler { get; } = sampler;

        public int[] Blocks { get; } = new int[16];

        public int Count { get; private set; }

        public void Change(Random random)
        {
            int kept = random.Next(5) == 0 ? random.Next(Count + 1) : Count;
            Count = Math.Clamp(kept + random.Next(3), 1, Blocks.Length);
            for (int b = kept; b < Count; b++)
                Blocks[b] = 1 + random.Next(100);
        }
    }
}
