using Glm5.Backends.CpuReference;
using Glm5.Benchmarks.Machine;
using Glm5.Core;
using Glm5.Core.Planning;
using Glm5.Core.Weights;
using Glm5.Host.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Benchmarks.Speed;

/// <summary>A model divided over ranks of this machine, and what its answers cost.</summary>
internal sealed class RankRuns : IDisposable
{
    private readonly AnsweringEngine _answers;
    private readonly int _sequences;

    /// <summary>Loads it; with workers, each rank in a process of its own.</summary>
    public RankRuns(string folder, ParallelLayout layout, bool workers, int sequences, int threads)
    {
        (Name, _sequences) = (workers ? $"{layout}, workers" : layout.ToString(), sequences);
        var options = new ModelOptions
        {
            Folder = folder,
            Ranks = layout.Tensor,
            Groups = layout.Data,
            SpreadExperts = layout.Expert,
            WorkerProcesses = workers,
            MaxSequences = sequences,
            PrefixCaching = false,
            SkipTokenizer = true,
            Threads = threads,
        };
        var backend = new CpuBackend(CpuVoice.Simd);
        var progress = new LoadProgress(TimeProvider.System);
        LoadedModel model = workers
            ? WorkerModel.Load(options, backend, progress, NullLoggerFactory.Instance, TimeProvider.System, default)
            : ModelLoader.Load(options, backend, progress, NullLogger.Instance, default);
        _answers = new AnsweringEngine(model, options);
    }

    /// <summary>The layout in words.</summary>
    public string Name { get; }

    /// <summary>Answers every prompt; the tokens must not depend on the layout.</summary>
    public List<int> Answer(IReadOnlyList<(int[] Prompt, int Length)> prompts, bool counts) => _answers.Answer(prompts, counts);

    /// <summary>What was measured, beside one rank's rates of the same rounds.</summary>
    public RanksResult Result(RankRuns one) => new(
        Name, _sequences, _answers.TokensPerSecond,
        Spread.Of([.. _answers.Rates.Zip(one._answers.Rates, (mine, its) => mine / its)]));

    public void Dispose() => _answers.Dispose();
}

/// <summary>Answers over ranks that share a machine, prompts included.</summary>
/// <param name="Layout">How the model is divided; <c>workers</c> where ranks are processes.</param>
/// <param name="Sequences">The most that run at once.</param>
/// <param name="TokensPerSecond">Tokens of answers, over the time from the first request to the last token.</param>
/// <param name="OfOneRank">The same over one rank's in the same round.</param>
internal sealed record RanksResult(string Layout, int Sequences, Spread TokensPerSecond, Spread OfOneRank);
