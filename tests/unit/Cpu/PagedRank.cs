using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>One rank of the cpu backend with a number of threads, a cache, and two sequences whose blocks lie scattered.</summary>
internal sealed class PagedRank : IDisposable
{
    public const int BlockSlots = 16;
    private const long ArenaBytes = 64 << 20;
    private const int LongestContext = 640;

    private readonly IAccelerator _rank;
    private readonly StepLayout _layout = new(LongestContext, 4, BlockSlots);

    public PagedRank(int threads, CpuVoice voice = CpuVoice.Simd)
    {
        _rank = new CpuBackend(voice).Open(new DeviceRequest(1, ArenaBytes, threads))[0];
    }

    public BlockOps Ops => _rank.Ops;

    /// <summary>Sequences 0 and 1 get odd and even blocks, in descending order.</summary>
    public StepPlan Plan(params (int Sequence, int From, int Count)[] parts)
    {
        _layout.Clear();
        foreach ((int sequence, int from, int count) in parts)
        {
            int blocks = LongestContext / BlockSlots;
            int[] table = [.. Enumerable.Range(0, blocks).Select(b => (2 * (blocks - b)) + sequence - 1)];
            _layout.AddSequence(new BlockTable(table, blocks));
            for (int i = 0; i < count; i++)
                _layout.AddToken(0, from + i, wantsLogits: false);
        }

        return _rank.Plan(_layout);
    }

    /// <summary>A cache of one layer, every row of it random.</summary>
    public CpuKvStore Cache(int latent, int rope, int index, int seed, KvFormat format = KvFormat.F32)
    {
        CpuKvStore kv = Empty(new KvSpec(1, latent, rope, index, BlockSlots) { Format = format });
        var random = new Random(seed);
        for (int slot = 0; slot < kv.Blocks * BlockSlots; slot++)
        {
            kv.WriteLatent(0, slot, Values(random, latent + rope));
            kv.WriteIndexKey(0, slot, Values(random, index));
        }

        return kv;
    }

    /// <summary>The same rows as floats.</summary>
    public CpuKvStore Decoded(CpuKvStore narrow)
    {
        CpuKvStore kv = Empty(narrow.Spec with { Format = KvFormat.F32 });
        for (int slot = 0; slot < kv.Blocks * BlockSlots; slot++)
        {
            kv.WriteLatent(0, slot, narrow.Latent(0, slot, new float[kv.Spec.LatentWidth + kv.Spec.RopeWidth]));
            kv.WriteIndexKey(0, slot, narrow.IndexKey(0, slot, new float[kv.Spec.IndexWidth]));
        }

        return kv;
    }

    private CpuKvStore Empty(KvSpec spec) =>
        (CpuKvStore)_rank.CreateKvStore(spec, (2 * LongestContext / BlockSlots) + 2);

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = (2 * random.NextSingle()) - 1;
        return values;
    }

    public Tensor Upload(float[] values, long d0, long d1, long d2 = -1)
    {
        Tensor tensor = Ops.Arena.Take(ElementType.F32, d0, d1, d2);
        _rank.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    public Selection Select(int[] positions, int tokens)
    {
        Tensor tensor = Ops.Arena.Take(ElementType.I32, tokens, positions.Length / tokens);
        _rank.Memory.Upload(MemoryMarshal.AsBytes(positions.AsSpan()), tensor);
        return new Selection(tensor);
    }

    public float[] Download(Tensor tensor)
    {
        var values = new float[tensor.Count];
        _rank.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public int[] DownloadInts(Tensor tensor)
    {
        var values = new int[tensor.Count];
        _rank.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public PackedWeight Pack(WeightSource part, WeightRole role) => _rank.Pack([part], role);

    public void Dispose() => _rank.Dispose();
}
