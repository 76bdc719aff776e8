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

    /// <summary>Runs every check and hands each result over as it is there.</summary>
    /// <param name="capabilities">What the device is.</param>
    /// <param name="report">Receives each result.</param>
    /// <param name="cancel">Ends it between two checks.</param>
    public void Run(Capabilities capabilities, Action<CheckResult> report, CancellationToken cancel)
    {
        _arithmetic = capabilities.Arithmetic;
        foreach ((string suite, string name, Func<string?> check) in Checks())
        {
            cancel.ThrowIfCancellationRequested();
            report(Attempt(suite, name, check));
        }

        foreach (int ranks in (ReadOnlySpan<int>)[2, 4, 8])
        {
            cancel.ThrowIfCancellationRequested();
            string name = $"sums and joined columns of {ranks} ranks";
            report(Contains(capabilities.RankCounts, ranks)
                ? Attempt("collectives", name, () => RankRuns.Check(device, ranks))
                : new CheckResult("collectives", name, null, $"the backend drives no {ranks} ranks here"));
        }
    }

    private IEnumerable<(string Suite, string Name, Func<string?> Check)> Checks()
    {
        yield return ("memory", "what is written is read back", () => StoreRuns.Memory(One(device)));
        yield return ("caches", "rows are read at their positions, blocks travel whole", () => StoreRuns.Caches(One(device)));
        foreach ((string name, ElementType weights, Func<OpBench, float[]> run) in PrimitiveRuns.All)
            yield return ("primitives", name, () => Primitive(name, weights, run));
        foreach (LayerShape shape in isQuick ? s_shapes : [.. s_shapes, .. s_largeShapes])
        {
            yield return ("steps", $"attention, {shape.Name}", () => Attention(shape));
            yield return ("steps", $"routing and experts, {shape.Name}", () => Experts(shape));
            yield return ("blocks", shape.Name, () => Blocks(shape));
        }
    }

    private static CheckResult Attempt(string suite, string name, Func<string?> check)
    {
        try
        {
            return new CheckResult(suite, name, check());
        }
#pragma warning disable CA1031 // Whatever a device dies of is the check's result; the next check opens it anew.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CheckResult(suite, name, e.Message);
        }
    }

    private string? Primitive(string name, ElementType weights, Func<OpBench, float[]> run)
    {
        const int Seed = 7;
        float[] expected, got;
        using (var bench = new OpBench(One(reference), Seed))
            expected = run(bench);
        using (var bench = new OpBench(One(device), Seed))
            got = run(bench);
        return Comparison.Difference(expected, got, name, weights == ElementType.F32 ? Bounds.Product(Arithmetic.F32, weights) : Bounds.Product(_arithmetic, weights));
    }

    private string? Attention(LayerShape shape)
    {
        bool exact = _arithmetic == Arithmetic.F32;
        double bound = Bounds.Steps(_arithmetic, shape.Weights);
        AttentionValues expected = LayerRuns.Attention(Layer(reference), shape);
        AttentionValues got = LayerRuns.Attention(Layer(device), shape, exact ? null : expected.Selected);
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
    }

    private string? Experts(LayerShape shape)
    {
        (int[] experts, float[] weights, float[] output) = LayerRuns.Experts(Layer(reference), shape);
        (int[] gotExperts, float[] gotWeights, float[] gotOutput) = LayerRuns.Experts(Layer(device), shape);
        return Comparison.Difference(experts, gotExperts, "chosen experts")
            ?? Comparison.Difference(weights, gotWeights, "router weights", Bounds.Steps(Arithmetic.F32, shape.Weights))
            ?? Comparison.Difference(output, gotOutput, "experts' output", Bounds.Steps(_arithmetic, shape.Weights));
    }

    private string? Blocks(LayerShape shape)
    {
        double bound = Bounds.Steps(_arithmetic, shape.Weights);
        BlockValues expected = LayerRuns.Blocks(Layer(reference), shape);
        BlockValues got = LayerRuns.Blocks(Layer(device), shape, _arithmetic == Arithmetic.F32 ? null : expected.Selected);
        return Comparison.Difference(expected.Attention, got.Attention, "attention", bound)
            ?? Comparison.Difference(expected.SharedSelection, got.SharedSelection, "attention with a shared selection", bound)
            ?? Comparison.Difference(expected.Mlp, got.Mlp, "dense network", bound)
            ?? Comparison.Difference(expected.Moe, got.Moe, "experts", bound)
            ?? Comparison.Difference(expected.Residual, got.Residual, "residual", bound)
            ?? Comparison.Difference(expected.Normed, got.Normed, "normed", bound);
    }

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
