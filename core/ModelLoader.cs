using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>
/// From a folder to a model whose ranks are threads of this process: open and check everything, refuse what cannot fit, and
/// only then read weights, pack each rank's shard and allocate the caches.
/// </summary>
public static partial class ModelLoader
{
    /// <summary>Loads a model. Blocks until it is ready; progress is told to <paramref name="progress"/>.</summary>
    /// <exception cref="CheckpointException">The weights are not usable; lists every problem.</exception>
    /// <exception cref="ModelConfigException">config.json is not usable; lists every problem.</exception>
    /// <exception cref="TokenizerException">tokenizer.json is not usable.</exception>
    /// <exception cref="AcceleratorException">The device cannot take the model; says what would fit.</exception>
    public static LoadedModel Load(
        ModelOptions options, Backend backend, LoadProgress progress, ILogger logger, CancellationToken cancel)
    {
        var opened = OpenedModel.Open(options, progress, logger, backend.ReadsWeights);
        try
        {
            if (backend.Footprint is { } footprint)
                FitCheck.Require(opened.Weights, footprint, options);
            IReadOnlyList<IAccelerator> accelerators = backend.Open(RankLoader.Request(opened, options));
            LoadedRanks loaded = RankLoader.Load(opened, options, accelerators, firstRank: 0, agree: null, progress, cancel);
            LogConversions(logger, loaded.Conversions);
            LogPool(logger, loaded.Pool, loaded.Ranks[0].Kv.Spec.Format, loaded.HostCache);
            return new LoadedModel(opened, RankGroups(opened, loaded, options))
            {
                Pool = loaded.Pool,
                Capabilities = accelerators[0].Capabilities,
            };
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Says how large the caches are.</summary>
    public static void LogPool(ILogger logger, KvPoolSize pool, KvFormat format, HostCacheSize host)
    {
        LogPool(
            logger, pool.Blocks, pool.BlockSlots, pool.Tokens, pool.BlockBytes / pool.BlockSlots, format, pool.Bytes / 1e9,
            pool.FreeBytes / 1e9);
        if (host.Blocks > 0)
            LogHostCache(logger, host.Blocks, (long)host.Blocks * pool.BlockSlots, host.Blocks * pool.BlockBytes / 1e9);
    }

    private static RankGroup[] RankGroups(OpenedModel model, LoadedRanks loaded, ModelOptions options)
    {
        var groups = new RankGroup[options.Groups];
        var ofGroup = new RankModel[options.Ranks];
        for (int g = 0; g < groups.Length; g++)
        {
            for (int r = 0; r < ofGroup.Length; r++)
                ofGroup[r] = loaded.Ranks[(g * options.Ranks) + r];
            groups[g] = new RankGroup(
                ofGroup, model.Weights.Config.VocabSize, model.Identity, options.LayerDrafts, loaded.HostCache);
        }

        return groups;
    }

    /// <summary>Says what the device could not take as it is stored, and what that costs in accuracy.</summary>
    public static void LogConversions(ILogger logger, IReadOnlyList<WeightConversion> conversions)
    {
        if (conversions.Count == 0)
            return;
        WeightConversion worst = conversions[0];
        double error = 0, size = 0;
        foreach (WeightConversion conversion in conversions)
        {
            (error, size) = (error + conversion.SquaredError, size + conversion.Squared);
            if (conversion.RelativeError > worst.RelativeError)
                worst = conversion;
        }

        double all = size == 0 ? 0 : 100 * Math.Sqrt(error / size);
        LogConverted(logger, conversions.Count, worst.From, worst.To, all, 100 * worst.RelativeError, worst.Name);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Count} weights of the first rank stored as {From} were converted to {To}, which the device computes in: "
            + "relative error {Error:F3} %, at most {Worst:F3} % in {Name}")]
    private static partial void LogConverted(
        ILogger logger, int count, ElementType from, ElementType to, double error, double worst, string name);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Host cache: {Blocks} blocks for {Tokens} tokens, {Gigabytes:F2} GB on each rank")]
    private static partial void LogHostCache(ILogger logger, int blocks, long tokens, double gigabytes);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "KV cache: {Blocks} blocks of {Slots} slots for {Tokens} tokens, {TokenBytes} bytes a token in {Format}, "
        + "{PoolGigabytes:F2} GB of {FreeGigabytes:F2} GB free")]
    private static partial void LogPool(
        ILogger logger, int blocks, int slots, long tokens, long tokenBytes, KvFormat format, double poolGigabytes,
        double freeGigabytes);
}
