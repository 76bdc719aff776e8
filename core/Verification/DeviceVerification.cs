using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>What one check found.</summary>
/// <param name="Suite">The group it belongs to.</param>
/// <param name="Name">What was checked.</param>
/// <param name="Failure">What is wrong; null when nothing is.</param>
/// <param name="NotRun">Why it did not run; null when it did.</param>
public sealed record CheckResult(string Suite, string Name, string? Failure, string? NotRun = null)
{
    /// <summary>True when it ran and found nothing wrong.</summary>
    public bool Passed => Failure is null && NotRun is null;
}

/// <summary>
/// Compares a device with the oracle, operation by operation, at small shapes and at those a rank of GLM-5 has: for
/// operators, on their own hardware, without the tests. One check at a time; each opens the devices anew, so that one that
/// fails leaves the next a fresh one.
/// </summary>
/// <param name="device">The backend under verification.</param>
/// <param name="reference">The oracle.</param>
/// <param name="isQuick">Small shapes alone: seconds, and no fusion that asks for GLM-5's widths.</param>
public sealed class DeviceVerification(Backend device, Backend reference, bool isQuick = false)
{
    private const long SmallArena = 64 << 20;

    private Arithmetic _arithmetic = Arithmetic.F32;

    /// <summary>The shapes of layers.</summary>
    private static readonly LayerShape[] s_shapes =
        [LayerShape.Tiny(ElementType.BF16), LayerShape.Tiny(ElementType.F8E4M3), LayerShape.Tiny(ElementType.I8)];

    private static readonly LayerShape[] s_largeShapes =
        [LayerShape.Glm5Rank(ElementType.BF16), LayerShape.Glm5Rank(ElementType.F8E4M3)];

    /// <summary>Ranks that exchange.</summary>
    private static readonly int[] s_groups = [2, 4, 8];

    /// <summary>Runs every check and hands each result over as it is there.</summary>
    /// <param name="capabilities">What the device is.</param>
    /// <param name="report">Receives each result.</param>
    /// <param name="cancel">Ends it between two checks.</param>
    public void Run(Capabilities capabilities, Action<CheckResult> report, CancellationToken cancel)
    {
        foreach (DeviceCheck check in Checks(capabilities))
        {
            cancel.ThrowIfCancellationRequested();
            report(check.Run());
        }

        foreach (int ranks in s_groups)
        {
            if (!Contains(capabilities.RankCounts, ranks))
                report(new CheckResult("collectives", NameOf(ranks), null, $"the backend drives no {ranks} ranks here"));
        }
    }

    /// <summary>
    /// The checks that the device can be put to. Each compares with values of the oracle that are computed when it first runs, so that it can
    /// run again against the same ones.
    /// </summary>
    public IEnumerable<DeviceCheck> Checks(Capabilities capabilities)
    {
        _arithmetic = capabilities.Arithmetic;
        yield return new DeviceCheck("memory", "what is written is read back", () => StoreRuns.Memory(One(device)));
        yield return new DeviceCheck("caches", "rows are read at their positions, blocks travel whole", () => StoreRuns.Caches(One(device)));
        foreach ((string name, ElementType weights, Func<OpBench, float[]> run) in PrimitiveRuns.All)
            yield return new DeviceCheck("primitives", name, Primitive(name, weights, run));
        foreach (LayerShape shape in isQuick ? s_shapes : [.. s_shapes, .. s_largeShapes])
        {
            yield return new DeviceCheck("steps", $"attention, {shape.Name}", Attention(shape));
            yield return new DeviceCheck("steps", $"routing and experts, {shape.Name}", Experts(shape));
            yield return new DeviceCheck("blocks", shape.Name, Blocks(shape));
        }

        foreach (int ranks in s_groups)
        {
            if (Contains(capabilities.RankCounts, ranks))
                yield return new DeviceCheck("collectives", NameOf(ranks), () => RankRuns.Check(device, ranks));
        }
    }

    private Func<string?> Primitive(string name, ElementType weights, Func<OpBench, float[]> run)
    {
        const int Seed = 7;
        double bound = weights == ElementType.F32 ? Bounds.Product(Arithmetic.F32, weights) : Bounds.Product(_arithmetic, weights);
        var expected = new Lazy<float[]>(() => Of(reference));
        return () => Comparison.Difference(expected.Value, Of(device), name, bound);

        float[] Of(Backend backend)
        {
            using var bench = new OpBench(One(backend), Seed);
            return run(bench);
        }
    }

    private Func<string?> Attention(LayerShape shape)
    {
        bool exact = _arithmetic == Arithmetic.F32;
        double bound = Bounds.Steps(_arithmetic, shape.Weights);
        var oracle = new Lazy<AttentionValues>(() => LayerRuns.Attention(Layer(reference), shape));
        return () =>
        {
            AttentionValues expected = oracle.Value, got = LayerRuns.Attention(Layer(device), shape, exact ? null : expected.Selected);
            return Comparison.Difference(expected.Latent, got.Latent, "query latent", bound)
                ?? Comparison.Difference(expected.Absorbed, got.Absorbed, "absorbed query", bound)
                ?? Comparison.Difference(expected.Rope, got.Rope, "rotated query", bound)
                ?? (exact
                    ? Comparison.Difference(expected.Selected, got.Selected, "selected positions")
                    : AttentionTrace.Difference(expected.Selected, got.Selected, expected.Scores, bound))
                ?? Comparison.Difference(expected.CacheRows, got.CacheRows, "cached latents", bound)
                ?? Comparison.Difference(expected.IndexKeys, got.IndexKeys, "cached index keys", bound)
                ?? Comparison.Difference(expected.Attended, got.Attended, "attended latents", bound)
                ?? Comparison.Difference(expected.Output, got.Output, "attention output", bound);
        };
    }

    private Func<string?> Experts(LayerShape shape)
    {
        double routed = Bounds.Steps(Arithmetic.F32, shape.Weights), bound = Bounds.Steps(_arithmetic, shape.Weights);
        var oracle = new Lazy<(int[] Experts, float[] Weights, float[] Output)>(() => LayerRuns.Experts(Layer(reference), shape));
        return () =>
        {
            (int[] experts, float[] weights, float[] output) = oracle.Value;
            (int[] gotExperts, float[] gotWeights, float[] gotOutput) = LayerRuns.Experts(Layer(device), shape);
            return Comparison.Difference(experts, gotExperts, "chosen experts")
                ?? Comparison.Difference(weights, gotWeights, "router weights", routed)
                ?? Comparison.Difference(output, gotOutput, "experts' output", bound);
        };
    }

    private Func<string?> Blocks(LayerShape shape)
    {
        double bound = Bounds.Steps(_arithmetic, shape.Weights);
        var oracle = new Lazy<BlockValues>(() => LayerRuns.Blocks(Layer(reference), shape));
        return () =>
        {
            BlockValues expected = oracle.Value;
            BlockValues got = LayerRuns.Blocks(Layer(device), shape, _arithmetic == Arithmetic.F32 ? null : expected.Selected);
            return Comparison.Difference(expected.Attention, got.Attention, "attention", bound)
                ?? Comparison.Difference(expected.SharedSelection, got.SharedSelection, "attention with a shared selection", bound)
                ?? Comparison.Difference(expected.Mlp, got.Mlp, "dense network", bound)
                ?? Comparison.Difference(expected.Moe, got.Moe, "experts", bound)
                ?? Comparison.Difference(expected.Residual, got.Residual, "residual", bound)
                ?? Comparison.Difference(expected.Normed, got.Normed, "normed", bound);
        };
    }

    private static string NameOf(int ranks) => $"sums and joined columns of {ranks} ranks";

    private static IAccelerator One(Backend backend) => backend.Open(new DeviceRequest(1, SmallArena))[0];

    private static IAccelerator Layer(Backend backend) => backend.Open(new DeviceRequest(1, LayerRuns.ArenaBytes))[0];

    private static bool Contains(IReadOnlyList<int> counts, int count)
    {
        foreach (int c in counts)
        {
            if (c == count)
                return true;
        }

        return false;
    }
}
