using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>What the attention steps of <see cref="LayerRuns"/> gave.</summary>
public sealed record AttentionValues(
        float[] Latent, float[] Absorbed, float[] Rope, int[] Selected, float[] Attended, float[] Output, float[] CacheRows, float[] IndexKeys,
        IReadOnlyList<float[]> Scores);

/// <summary>What its blocks gave.</summary>
public sealed record BlockValues(
        float[] Attention, float[] SharedSelection, float[] Mlp, float[] Moe, float[] Residual, float[] Normed,
        int[] Selected);

/// <summary>Runs of one layer with seeded weights and inputs, the same on every device: to be compared.</summary>
public static class LayerRuns
{
    /// <summary>Arena that the runs need.</summary>
    public const long ArenaBytes = 256 << 20;

    /// <summary>
    /// Runs the attention steps of a second step over a filled cache; may force the selection. Disposes the device.
    /// </summary>
    public static AttentionValues Attention(IAccelerator device, LayerShape shape, int[]? forced = null)
    {
        using var layer = new LayerBench(device, shape, 31);
        OpBench bench = layer.Bench;
        StepPlan first = layer.Plan(from: 0, count: 20, others: 2);
        Prologue(layer, first, bench.Random(1, 22, shape.Hidden));
        StepPlan plan = layer.Plan(from: 20, count: 9, others: 3);
        Tensor x = bench.Random(1, 12, shape.Hidden);
        MlaQuery query = Prologue(layer, plan, x);
        Selection selection = layer.NewSelection(plan);
        var trace = new AttentionTrace(bench.Accelerator.Memory, forced);
        layer.Ops.Trace = trace;
        layer.Ops.SelectTokens(layer.Attention, x, query.Latent, plan, layer.Kv, selection);
        layer.Ops.Trace = null;
        Tensor attended = layer.Ops.SparseAttend(layer.Attention, query, plan, layer.Kv, selection);
        PartialSum sum = layer.Ops.NewPartialSum(12, shape.Hidden);
        layer.Ops.MlaEpilogue(layer.Attention, attended, sum);
        Tensor rows = bench.Empty(29, shape.Attention.Latent + shape.Attention.Rope), keys = bench.Empty(29, shape.Indexer.Width);
        layer.Kv.ReadLatent(0, plan, 0, 0, rows);
        layer.Kv.ReadIndexKeys(0, plan, 0, 0, keys);
        return new AttentionValues(
            bench.Floats(query.Latent), bench.Floats(query.Absorbed), bench.Floats(query.Rope), trace.Selected,
            bench.Floats(attended), layer.Reduced(sum), bench.Floats(rows), bench.Floats(keys), trace.Scores);
    }

    private static MlaQuery Prologue(LayerBench layer, StepPlan plan, Tensor x)
    {
        MlaQuery query = layer.Ops.MlaPrologue(layer.Attention, x, plan, layer.Kv);
        layer.Ops.SelectTokens(layer.Attention, x, query.Latent, plan, layer.Kv, Selection.Everything);
        return query;
    }

    /// <summary>Runs routing and experts. Disposes the device.</summary>
    public static (int[] Experts, float[] Weights, float[] Output) Experts(IAccelerator device, LayerShape shape)
    {
        using var layer = new LayerBench(device, shape, 32);
        return Experts(layer, layer.Bench.Random(1, 11, shape.Hidden));
    }

    /// <summary>The same on given rows of a layer.</summary>
    public static (int[] Experts, float[] Weights, float[] Output) Experts(LayerBench layer, Tensor x)
    {
        Routes routes = layer.Ops.Route(layer.Moe, x);
        PartialSum sum = layer.Ops.NewPartialSum(x[0], layer.Shape.Hidden);
        layer.Ops.RunExperts(layer.Moe, x, routes, sum);
        return (layer.Bench.Integers(routes.Experts), layer.Bench.Floats(routes.Weights), layer.Reduced(sum));
    }


    /// <summary>Runs whole blocks; may force the selection. Disposes the device.</summary>
    public static BlockValues Blocks(IAccelerator device, LayerShape shape, int[]? forced = null)
    {
        using LayerBench layer = new(device, shape, 43);
        OpBench bench = layer.Bench;
        StepPlan plan = layer.Plan(from: 0, count: 24, others: 2);
        Tensor x = bench.Random(1, 26, shape.Hidden);
        Selection selection = layer.NewSelection(plan);
        PartialSum sum = layer.Ops.NewPartialSum(26, shape.Hidden);
        var trace = new AttentionTrace(bench.Accelerator.Memory, forced);
        layer.Ops.Trace = trace;
        layer.Ops.Attention(layer.Attention, x, plan, layer.Kv, selection, sum);
        layer.Ops.Trace = null;
        float[] attention = layer.Reduced(sum);
        layer.Ops.Attention(layer.Attention with { Indexer = null }, x, plan, layer.Kv, selection, sum);
        float[] shared = layer.Reduced(sum);
        layer.Ops.Mlp(layer.Dense, x, sum);
        float[] mlp = layer.Reduced(sum);
        layer.Ops.Moe(layer.Moe, x, sum);
        Tensor residual = bench.Random(1, 26, shape.Hidden), normed = bench.Empty(26, shape.Hidden);
        layer.Ops.ReduceAddNorm(sum, residual, layer.Norm, 1e-5f, normed);
        layer.Ops.Moe(layer.Moe, x, sum);
        float[] moe = layer.Reduced(sum);
        return new BlockValues(attention, shared, mlp, moe, bench.Floats(residual), bench.Floats(normed), trace.Selected);
    }
}
