using Glm5.Backends.CpuReference;
using Glm5.Benchmarks.Machine;
using Glm5.Core;
using Glm5.Core.Scheduling;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Benchmarks.Speed;

/// <summary>A trained model behind an engine that drafts so many tokens, and what its answers cost.</summary>
internal sealed class SpeculationRuns : IDisposable
{
    private readonly AnsweringEngine _answers;

    public SpeculationRuns(string folder, DraftMethod method, int drafts, int sequences, int threads, bool adapts)
    {
        (Method, Drafts, Sequences) = (method, drafts, sequences);
        var options = new ModelOptions
        {
            Folder = folder,
            MaxSequences = sequences,
            SpeculativeTokens = drafts,
            DraftMethod = method,
            AdaptSpeculation = adapts,
            PrefixCaching = false,
            SkipTokenizer = true,
            Threads = threads,
        };
        LoadedModel model = ModelLoader.Load(
            options, new CpuBackend(CpuVoice.Simd), new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
        _answers = new AnsweringEngine(model, options);
    }

    public DraftMethod Method { get; }

    public int Drafts { get; }

    public int Sequences { get; }

    /// <summary>Answers every prompt greedily, and returns the tokens: they must not depend on drafts.</summary>
    public List<int> Answer(IReadOnlyList<(int[] Prompt, int Length)> prompts, bool counts) => _answers.Answer(prompts, counts);

    public SpeculationResult Result()
    {
        DraftCounts counts = _answers.Engine.Scheduler.Drafts;
        double[] accepted = new double[Drafts];
        for (int place = 0; place < Drafts; place++)
            accepted[place] = Math.Round((double)Sum(counts.Accepted, place) / Math.Max(1, Sum(counts.Verified, place)), 3);
        return new SpeculationResult(
            Drafts, Sequences, _answers.TokensPerSecond, _answers.TokensPerStep, accepted,
            _answers.Engine.Status.DraftLength, Method == DraftMethod.PromptLookup ? "ngram" : "mtp");
    }

    public void Dispose() => _answers.Dispose();

    /// <summary>Over all levels of load.</summary>
    private static long Sum(ReadOnlySpan<long> counts, int place)
    {
        long sum = 0;
        for (; place < counts.Length; place += DraftCounts.Places)
            sum += counts[place];
        return sum;
    }
}

/// <summary>Answers with so many drafts, prompts included.</summary>
/// <param name="Drafts">Tokens drafted a step; 0 is plain decoding.</param>
/// <param name="Sequences">The most that run at once.</param>
/// <param name="TokensPerSecond">Tokens of answers, over the time from the first request to the last token.</param>
/// <param name="TokensPerStep">Tokens of answers over steps.</param>
/// <param name="Accepted">Share of the drafts that were accepted, by their place behind the last chosen token.</param>
/// <param name="LastLength">Drafts of the last step; fewer than asked for where the engine adapted.</param>
/// <param name="Method">Who drafted: the draft layer or prompt lookup.</param>
internal sealed record SpeculationResult(
    int Drafts, int Sequences, Spread TokensPerSecond, double TokensPerStep, IReadOnlyList<double> Accepted,
    int LastLength, string Method);
