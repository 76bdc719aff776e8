using System.Diagnostics;
using Glm5.Backends.CpuReference;
using Glm5.Benchmarks.Peers;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Weights;

namespace Glm5.Benchmarks.Speed;

/// <summary>
/// A checkpoint on the CPU backend, one rank, driven step by step: what the engine would run for one sequence, without
/// the engine. Call <see cref="Measure"/> from the thread that made it.
/// </summary>
internal sealed class ModelUnderMeasure : IDisposable
{
    /// <summary>Tokens of a prefill step, as the engine's default budget has it.</summary>
    private const int ChunkTokens = 512;

    private const int BlockSlots = 64, TokenSeed = 7;

    private readonly Checkpoint _checkpoint;
    private readonly IAccelerator _accelerator;
    private readonly RankModel _rank;
    private readonly StepLayout _layout = new(ChunkTokens, 1, BlockSlots);
    private readonly BlockTable _blocks;
    private readonly Random _random = new(TokenSeed);

    public ModelUnderMeasure(string folder, int threads, int contextLength, KvFormat format = KvFormat.F32)
    {
        _checkpoint = Checkpoint.Open(folder);
        CheckpointReader.ReadAll(_checkpoint, new LoadProgress(TimeProvider.System), CancellationToken.None);
        ModelConfig config = _checkpoint.Config;
        _accelerator = new CpuBackend(CpuVoice.Simd).Open(
            new DeviceRequest(1, ArenaSize.Bytes(config, ChunkTokens, ChunkTokens, contextLength), threads))[0];
        ModelWeights weights = WeightPacking.Load(_checkpoint, _accelerator, RankShard.Whole);
        Attention = Array.Find(weights.Layers, l => l.Attention.Indexer is not null)!.Attention;
        int blocks = ((contextLength + BlockSlots - 1) / BlockSlots) + 1;
        var spec = new KvSpec(
            config.LayerCount + config.DraftLayerCount, config.KvLoraRank, config.QkRopeHeadDim, config.IndexHeadDim, BlockSlots)
        {
            Format = format,
        };
        _rank = new RankModel(
            _accelerator, weights, new Glm5Model(config, weights, _accelerator), _accelerator.CreateKvStore(spec, blocks));
        _blocks = new BlockTable([.. Enumerable.Range(1, blocks - 1)], blocks - 1);
    }

    public ModelConfig Config => _checkpoint.Config;

    public RankModel Rank => _rank;

    /// <summary>Attention of the first layer that has an indexer.</summary>
    public AttentionWeights Attention { get; }

    /// <summary>Tokens per second of one run; the context is computed before the clock starts.</summary>
    public double Measure(Workload work)
    {
        Prefill(0, work.Depth, wantsLogits: false);
        Warm(work);
        long start = Stopwatch.GetTimestamp();
        if (work.Kind == WorkKind.Prefill)
            Prefill(work.Depth, work.Tokens, wantsLogits: true);
        else
            Decode(work.Depth, work.Tokens);
        return work.Tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Time of one decoded token at a position, the tokens before it being cached.</summary>
    public double MillisecondsOfToken(int position)
    {
        long start = Stopwatch.GetTimestamp();
        Decode(position, 1);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Fills activations with random values from 0 to 1.</summary>
    public void Fill(Tensor scores)
    {
        float[] values = [.. Enumerable.Range(0, (int)scores.Count).Select(_ => _random.NextSingle())];
        _accelerator.Memory.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()), scores);
    }

    /// <summary>Lays out and plans one token at a position, for timing single operations.</summary>
    public StepPlan PlanOne(int position)
    {
        _layout.Clear();
        _layout.AddSequence(_blocks);
        _layout.AddToken(1, position, wantsLogits: true);
        return _accelerator.Plan(_layout);
    }

    /// <summary>Computes positions from … in chunks.</summary>
    public void Prefill(int from, int count, bool wantsLogits)
    {
        for (int done = 0; done < count;)
        {
            int chunk = Math.Min(ChunkTokens, count - done);
            _layout.Clear();
            _layout.AddSequence(_blocks);
            for (int i = 0; i < chunk; i++, done++)
                _layout.AddToken(_random.Next(Config.VocabSize), from + done, wantsLogits && done == count - 1);
            _rank.RunStep(_layout, null);
        }
    }

    /// <summary>
    /// Caches noise at positions from … as if they had been computed, in a fraction of the time: how long a token takes does not
    /// depend on the values, and noise spreads the selection over the whole context.
    /// </summary>
    public void FillCaches(int from, int count)
    {
        BlockOps ops = _accelerator.Ops;
        for (int done = 0; done < count; done += ChunkTokens)
        {
            using ActivationArena.Scope scope = ops.Arena.Open();
            StepPlan plan = PlanChunk(from + done, Math.Min(ChunkTokens, count - done));
            KvSpec spec = _rank.Kv.Spec;
            Tensor latents = Noise(plan, spec.LatentWidth), ropes = Noise(plan, spec.RopeWidth), keys = Noise(plan, spec.IndexWidth);
            for (int layer = 0; layer < spec.Layers; layer++)
            {
                _rank.Kv.WriteLatent(layer, plan, latents, ropes);
                _rank.Kv.WriteIndexKeys(layer, plan, keys);
            }
        }
    }

    public void Dispose()
    {
        _rank.Dispose();
        _checkpoint.Dispose();
    }

    private StepPlan PlanChunk(int from, int count)
    {
        _layout.Clear();
        _layout.AddSequence(_blocks);
        for (int i = 0; i < count; i++)
            _layout.AddToken(0, from + i, wantsLogits: false);
        return _accelerator.Plan(_layout);
    }

    private Tensor Noise(StepPlan plan, int width)
    {
        Tensor noise = _accelerator.Ops.Arena.Take(ElementType.F32, plan.Layout.TokenCount, width);
        Fill(noise);
        return noise;
    }

    private void Decode(int from, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _layout.Clear();
            _layout.AddSequence(_blocks);
            _layout.AddToken(_random.Next(Config.VocabSize), from + i, wantsLogits: true);
            _rank.RunStep(_layout, null);
        }
    }

    /// <summary>One short run of the same kind, so that no compilation falls into the clock.</summary>
    private void Warm(Workload work)
    {
        if (work.Kind == WorkKind.Prefill)
            Prefill(work.Depth, Math.Min(work.Tokens, 64), wantsLogits: true);
        else
            Decode(work.Depth, 4);
    }
}
