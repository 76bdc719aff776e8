using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Core.Planning;

/// <summary>Bytes of a model's weights on one rank of a layout, by part: as stored, and as the device packs them.</summary>
public sealed class WeightShare
{
    private readonly long[] _stored = new long[WeightParts.All.Count];
    private readonly long[] _packed = new long[WeightParts.All.Count];

    private WeightShare()
    {
    }

    /// <summary>Bytes of a part as the checkpoint stores it.</summary>
    public long Stored(WeightPart part) => _stored[(int)part];

    /// <summary>Device bytes of a part.</summary>
    public long Packed(WeightPart part) => _packed[(int)part];

    /// <summary>Bytes of all parts as stored.</summary>
    public long StoredBytes => Sum(_stored);

    /// <summary>Device bytes of all parts.</summary>
    public long PackedBytes => Sum(_packed);

    /// <summary>Counts a rank's share; cuts as <see cref="WeightPacking"/> cuts.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="layout">How it is divided.</param>
    /// <param name="rank">Which rank's share, from 0.</param>
    /// <param name="footprint">What the device makes of it.</param>
    /// <exception cref="AcceleratorException">Something does not divide; names it and both numbers.</exception>
    public static WeightShare Of(IWeightCatalog weights, ParallelLayout layout, int rank, DeviceFootprint footprint)
    {
        var share = new WeightShare();
        var cut = new LayoutCut(weights.Config, layout, rank);
        foreach (TensorSpec spec in TensorInventory.Expected(weights.Config))
        {
            (WeightPart part, int expert) = WeightParts.Of(spec.Name, weights.Config);
            if (expert >= 0 && !cut.HoldsExpert(expert))
                continue;
            WeightSource whole = weights.Weight(spec.Name);
            if (spec.Name.EndsWith(WeightNames.LatentUp, StringComparison.Ordinal))
                share.AddPerHead(part, whole, cut, weights.Config, footprint);
            else
                share.Add(part, RoleOf(spec), cut.Of(spec, whole, expert >= 0), footprint);
        }

        return share;
    }

    private void Add(WeightPart part, WeightRole role, in WeightSource source, DeviceFootprint footprint)
    {
        _stored[(int)part] += source.StoredBytes;
        _packed[(int)part] += footprint.WeightBytes(role, source);
    }

    /// <summary>kv_b_proj is packed as two weights with a part a head: its key rows and its value rows.</summary>
    private void AddPerHead(
        WeightPart part, in WeightSource whole, LayoutCut cut, ModelConfig config, DeviceFootprint footprint)
    {
        long stride = config.QkNopeHeadDim + config.VHeadDim;
        for (int head = cut.FirstHead; head < cut.FirstHead + cut.Heads; head++)
        {
            Add(part, WeightRole.KeyUp, whole.RowSlice(head * stride, config.QkNopeHeadDim), footprint);
            Add(part, WeightRole.ValueUp, whole.RowSlice((head * stride) + config.QkNopeHeadDim, config.VHeadDim), footprint);
        }
    }

    private static WeightRole RoleOf(TensorSpec spec) => spec.Role switch
    {
        TensorRole.Vocabulary => spec.Name == WeightNames.Head ? WeightRole.Head : WeightRole.Embedding,
        TensorRole.Norm or TensorRole.RouterBias => WeightRole.Vector,
        TensorRole.HeadColumns or TensorRole.InnerColumns => WeightRole.RowParallel,
        TensorRole.InnerRows => WeightRole.GateUp,
        TensorRole.Precise when spec.Name.EndsWith(WeightNames.Router, StringComparison.Ordinal) => WeightRole.Router,
        _ => WeightRole.Linear,
    };

    private static long Sum(long[] bytes)
    {
        long sum = 0;
        foreach (long part in bytes)
            sum += part;
        return sum;
    }
}
