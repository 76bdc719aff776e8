using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Parallel;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;
using Glm5.Host.Cli;
using Glm5.Host.Workers.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Host.Workers;

/// <summary>
/// One rank in a process of its own: joins its peers and the server, loads its shard, and runs steps until the server ends the
/// channel. Everything happens on the thread that calls <see cref="Run()"/>.
/// </summary>
/// <param name="backend">The device.</param>
/// <param name="channel">The way to the server.</param>
internal sealed class WorkerRank(Backend backend, ServerChannel channel)
{
    /// <summary>Runs until the server has no more steps.</summary>
    /// <exception cref="WorkerRefusedException">The server does not take this worker.</exception>
    /// <exception cref="AcceleratorException">The device cannot take the model, or failed.</exception>
    public void Run()
    {
        ProcessRanks ranks = backend.JoinProcesses();
        Run(ranks);

        // Only in peace: leaving waits for all, and one that fails must end without.
        ranks.Dispose();
    }

    private void Run(ProcessRanks ranks)
    {
        channel.Send(new FromWorker
        {
            Hello = new Hello
            {
                Version = ProgramVersion.Text,
                Rank = ranks.Rank,
                Size = ranks.Size,
                ProcessId = Environment.ProcessId,
            },
        });
        if (channel.Next()?.Welcome is not { } welcome)
            return;
        ModelOptions options = WireOptions.Read(welcome.Options) with { SkipTokenizer = true };
        var progress = new LoadProgress(TimeProvider.System);
        using var model = OpenedModel.Open(options, progress, NullLogger.Instance);
        var digest = CheckpointDigest.Of(model.Checkpoint);
        channel.Send(new FromWorker { Identity = new Identity { Config = digest.Config, Weights = digest.Weights } });
        if (channel.Next()?.Load is not { } load)
            return;
        LoadedRanks loaded = RankLoader.Load(
            model, options, [ranks.Open(RankLoader.Request(model, options))], ranks.Rank, ranks.Least, progress, default);
        using RankModel rank = loaded.Ranks[0];
        channel.Send(new FromWorker
        {
            Loaded = new Loaded
            {
                Blocks = loaded.Pool.Blocks,
                BlockBytes = loaded.Pool.BlockBytes,
                FreeBytes = loaded.Pool.FreeBytes,
                BlockSlots = loaded.Pool.BlockSlots,
                LayoutId = rank.Kv.LayoutId,
                KvFormat = rank.Kv.Spec.Format.ToString(),
            },
        });
        Serve(rank, options, model, load);
    }

    private void Serve(RankModel rank, ModelOptions options, OpenedModel model, Load load)
    {
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens), drafts = options.SpeculativeTokens;
        var layout = new StepLayout(options.MaxBatchedTokens, sequences, rank.Kv.Spec.BlockSlots);
        var batch = new SampleBatch(sequences, Math.Min(options.MaxBatchedTokens, sequences * (1 + drafts)), options.LayerDrafts);
        var orders = new OrderReader(
            layout, batch, TokenMask.From([.. load.Unnamed]), new SamplingScratch(model.Weights.Config.VocabSize));
        bool answers = rank.Accelerator.Collectives.Rank == 0;
        while (channel.Next() is { Order: { } order })
        {
            orders.Read(order);
            rank.RunStep(layout, batch, answers);
            channel.Send(new FromWorker { Answer = answers ? AnswerWire.Write(batch) : new Answer() });
        }
    }
}

/// <summary>The server does not take this worker; the message says why.</summary>
internal sealed class WorkerRefusedException(string reason) : Exception(reason);
