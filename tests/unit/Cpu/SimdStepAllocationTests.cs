using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>A whole step of the trained model: forward pass and choice of tokens, on every thread that takes part.</summary>
[TestClass]
[DoNotParallelize]
public sealed class SimdStepAllocationTests
{
    private const int BlockSlots = 16, BlocksEach = 8, Sequences = 3, Chunk = 20, MaxTokens = 32;

    [TestMethod]
    public void A_step_allocates_nothing_once_it_has_run()
    {
        using Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Nano);
        using RankModel rank = Load(checkpoint);
        var layout = new StepLayout(MaxTokens, Sequences + 1, BlockSlots);
        var batch = new SampleBatch(Sequences, Sequences);
        BlockTable[] blocks = [.. Enumerable.Range(0, Sequences + 1).Select(Blocks)];
        SequenceSampler[] samplers = Samplers(checkpoint.Config.VocabSize);
        int position = 0;
        for (; position < 80; position++)
            Step(rank, layout, batch, blocks, samplers, position);

        // Other threads of the process may allocate now and then; what a step allocates, each of them does.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int end = position + 5; position < end; position++)
                Step(rank, layout, batch, blocks, samplers, position);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.AreEqual(0, least);
    }

    /// <summary>One token of each sequence, chosen in its own way, and a chunk of a prompt.</summary>
    private static void Step(
        RankModel rank, StepLayout layout, SampleBatch batch, BlockTable[] blocks, SequenceSampler[] samplers, int position)
    {
        layout.Clear();
        batch.Clear();
        for (int s = 0; s < Sequences; s++)
        {
            layout.AddSequence(blocks[s]);
            layout.AddToken((position * (s + 7)) % 1000, position, wantsLogits: true);
            batch.Add(samplers[s], []);
        }

        layout.AddSequence(blocks[Sequences]);
        for (int i = 0; i < Chunk; i++)
            layout.AddToken(i, (position % 5 * Chunk) + i, wantsLogits: false);
        rank.RunStep(layout, batch);
    }

    private static BlockTable Blocks(int sequence) =>
        new([.. Enumerable.Range(1 + (sequence * BlocksEach), BlocksEach)], BlocksEach);

    private static RankModel Load(Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        long arena = ArenaSize.Bytes(config, MaxTokens, MaxTokens, BlocksEach * BlockSlots);
        IAccelerator accelerator = new CpuBackend(CpuVoice.Simd).Open(new DeviceRequest(1, arena, 2))[0];
        ModelWeights weights = WeightPacking.Load(checkpoint, accelerator, new RankShard(0, 1));
        var spec = new KvSpec(
            config.LayerCount + config.DraftLayerCount, config.KvLoraRank, config.QkRopeHeadDim, config.IndexHeadDim, BlockSlots);
        return new RankModel(
            accelerator, weights, new Glm5Model(config, weights, accelerator),
            accelerator.CreateKvStore(spec, 1 + ((Sequences + 1) * BlocksEach)));
    }

    /// <summary>The argmax of the device, a filtered draw, and a draw from everything.</summary>
    private static SequenceSampler[] Samplers(int vocabulary)
    {
        var scratch = new SamplingScratch(vocabulary);
        SamplingParameters[] parameters =
        [
            new() { Temperature = 0 }, new() { Temperature = 0.8f, TopK = 40, TopP = 0.9f, MinP = 0.05f }, new(),
        ];
        return Array.ConvertAll(parameters, p => new SequenceSampler(
            new GenerationRequest { Prompt = [0], Sampling = p }, seed: 1, TokenMask.Nothing, scratch));
    }
}
