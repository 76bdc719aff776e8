using System.Diagnostics;
using Glm5.Benchmarks.Machine;
using Glm5.Core.Accelerator;

namespace Glm5.Benchmarks.Speed;

/// <summary>Where a decoded token's time goes at a context length, over all layers, in milliseconds.</summary>
/// <param name="Context">Tokens cached.</param>
/// <param name="Token">The whole step.</param>
/// <param name="Indexer">Index queries, keys and scores, top-k taken away.</param>
/// <param name="TopK">Choosing index_topk of the scores; grows with the context as the indexer does.</param>
/// <param name="Attention">Softmax over the selected rows; flat past index_topk.</param>
internal sealed record DepthTime(int Context, Spread Token, Spread Indexer, Spread TopK, Spread Attention)
{
    /// <summary>How the caches were stored.</summary>
    public required string KvCache { get; init; }

    /// <summary>Bytes of a cached token, all layers.</summary>
    public required long TokenBytes { get; init; }

    private const int Samples = 15, WarmingTokens = 120;

    /// <summary>
    /// Measures at ascending context lengths, over caches of noise. The parts are timed apart, on the same caches, one layer
    /// times the layers.
    /// </summary>
    public static IEnumerable<DepthTime> Series(ModelUnderMeasure model, int[] contexts)
    {
        // Both with a selection and without, so that no compilation falls into the clock.
        int selective = Math.Min(model.Config.IndexTopK, contexts.Max());
        for (int i = 0; i < WarmingTokens; i++)
            model.MillisecondsOfToken(i % 2 == 0 ? 0 : selective);
        int cached = 0;
        foreach (int context in contexts.Distinct().Order())
        {
            model.FillCaches(cached, context - cached);
            cached = context;
            yield return At(model, context);
        }
    }

    private static DepthTime At(ModelUnderMeasure model, int context)
    {
        var token = new double[Samples];
        for (int i = 0; i < Samples; i++)
            token[i] = model.MillisecondsOfToken(context + i);
        (double[] indexer, double[] topK, double[] attention) = Parts(model, context);
        KvSpec spec = model.Rank.Kv.Spec;
        return new DepthTime(context, Spread.Of(token), Spread.Of(indexer), Spread.Of(topK), Spread.Of(attention))
        {
            KvCache = spec.Format.ToString().ToLowerInvariant(),
            TokenBytes = spec.TokenBytes,
        };
    }

    private static (double[] Indexer, double[] TopK, double[] Attention) Parts(ModelUnderMeasure model, int context)
    {
        BlockOps ops = model.Rank.Accelerator.Ops;
        AttentionWeights layer = model.Attention;
        StepPlan plan = model.PlanOne(context);
        using ActivationArena.Scope scope = ops.Arena.Open();
        Tensor x = ops.Arena.Take(ElementType.F32, 1, model.Config.HiddenSize);
        Tensor scores = ops.Arena.Take(ElementType.F32, 1, context + 1);
        ops.Fill(x, 0.1f);
        model.Fill(scores);
        MlaQuery query = ops.MlaPrologue(layer, x, plan, model.Rank.Kv);
        bool everything = context + 1 <= model.Config.IndexTopK;
        Selection selection = everything ? Selection.Everything : new Selection(ops.Arena.Take(ElementType.I32, 1, model.Config.IndexTopK));
        var (indexer, topK, attention) = (new double[Samples], new double[Samples], new double[Samples]);
        for (int i = -3; i < Samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            ops.SelectTokens(layer, x, query.Latent, plan, model.Rank.Kv, selection);
            long selected = Stopwatch.GetTimestamp();
            if (!everything)
                ops.TopK(scores, selection.Positions);
            long chosen = Stopwatch.GetTimestamp();
            ops.SparseAttend(layer, query, plan, model.Rank.Kv, selection);
            long attended = Stopwatch.GetTimestamp();
            if (i < 0)
                continue;
            double scale = 1000.0 * model.Config.LayerCount / Stopwatch.Frequency;
            topK[i] = everything ? 0 : (chosen - selected) * scale;
            indexer[i] = Math.Max(0, ((selected - start) * scale) - topK[i]);
            attention[i] = (attended - chosen) * scale;
        }

        return (indexer, topK, attention);
    }
}
