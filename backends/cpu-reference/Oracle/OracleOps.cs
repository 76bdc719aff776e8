using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>
/// Every operation as the specification writes it: plain F32 loops, one thread, no vector instructions, index names from
/// the equations (t token, h head, j cached position, n output, k or i summed over, e expert, c chunk). It shares nothing
/// with the default bodies of the contract, so that agreement with them means something; golden data pins it. Slow.
/// </summary>
public sealed partial class OracleOps(DeviceMemory memory, ActivationArena arena, CpuCollectives ranks)
    : BlockOps(memory, arena, ranks)
{
    private float[] _row = [];

    /// <inheritdoc/>
    protected override int AddendsPerRank => RowParallelChunks.PerRank(ranks.Size);

    /// <summary>residual[t, n] += Σ_c addend[c][t, n], c = 0 … 7 over all ranks; normed = RmsNorm(residual).</summary>
    protected override void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        Floats h = new(residual);
        ReadOnlySpan<Published> peers = ranks.Publish(Addends(sum));
        for (long t = 0; t < sum.Tokens; t++)
        {
            for (long n = 0; n < sum.Width; n++)
            {
                float y = 0;
                for (int c = 0; c < RowParallelChunks.Count; c++)
                    y += Addend(peers, c, (t * sum.Width) + n);
                h[t, n] += y;
            }
        }

        ranks.Release();
        RmsNormCore(residual, norm, epsilon, normed);
    }

    private unsafe float Addend(ReadOnlySpan<Published> peers, int c, long element)
    {
        Published peer = peers[c / AddendsPerRank];
        return ((float*)peer.Address)[(c % AddendsPerRank * peer.RowStride) + element];
    }

    /// <summary>W[n, ·] of a group as F32; valid until the next call.</summary>
    private ReadOnlySpan<float> Row(PackedWeight weight, int group, long n)
    {
        if (_row.Length < weight.Columns)
            _row = new float[weight.Columns];
        Span<float> row = _row.AsSpan(0, (int)weight.Columns);
        Stored(weight).Decode(group, n, 0, row);
        return row;
    }

    private static ReadOnlySpan<float> Vector(PackedWeight weight) => new Floats(weight.AsVector()).Row(0);

    private static CpuPackedWeight Stored(PackedWeight weight) => weight as CpuPackedWeight
        ?? throw new AcceleratorException($"a weight packed by {weight.GetType().Name} was given to the cpu backend");

    private static CpuKvStore Cached(KvStore kv) => kv as CpuKvStore
        ?? throw new AcceleratorException($"caches made by {kv.GetType().Name} were given to the cpu backend");
}
