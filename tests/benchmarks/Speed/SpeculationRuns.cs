using System.Diagnostics;
using System.Text.Json;
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
    private readonly LoadedModel _model;
    private readonly Engine _engine;
    private readonly List<double> _rates = [];
    private long _steps, _tokens;

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
        _model = ModelLoader.Load(
            options, new CpuBackend(CpuVoice.Simd), new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
        _engine = new Engine(_model, options, TimeProvider.System, NullLogger.Instance);
    }

    public DraftMethod Method { get; }

    public int Drafts { get; }

    public int Sequences { get; }

    /// <summary>The prompts of a file like glm5-nano's golden.json, with the length that each answer had.</summary>
    public static List<(int[] Prompt, int Length)> ReadPrompts(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => (
            c.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray(),
            c.GetProperty("output_ids").GetArrayLength()))];
    }

    /// <summary>Answers every prompt greedily, and returns the tokens: they must not depend on drafts.</summary>
    public List<int> Answer(IReadOnlyList<(int[] Prompt, int Length)> prompts, bool counts)
    {
        long steps = _engine.Status.Steps, start = Stopwatch.GetTimestamp();
        Generation[] generations = [.. prompts.Select(p => _engine.Submit(new GenerationRequest
        {
            Prompt = [.. p.Prompt],
            MaxTokens = p.Length,
            Sampling = new SamplingParameters { Temperature = 0 },
        }))];
        List<int> tokens = [];
        foreach (Generation generation in generations)
            tokens.AddRange(generation.ReadAllAsync().ToBlockingEnumerable().Select(token => token.Token));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (counts)
        {
            _rates.Add(tokens.Count / seconds);
            (_steps, _tokens) = (_steps + _engine.Status.Steps - steps, _tokens + tokens.Count);
        }

        return tokens;
    }

    public SpeculationResult Result()
    {
        DraftCounts counts = _engine.Scheduler.Drafts;
        double[] accepted = new double[Drafts];
        for (int place = 0; place < Drafts; place++)
            accepted[place] = Math.Round((double)counts.Accepted[place] / Math.Max(1, counts.Verified[place]), 3);
        return new SpeculationResult(
            Drafts, Sequences, Spread.Of(_rates), Math.Round((double)_tokens / _steps, 2), accepted,
            _engine.Status.DraftLength, Method == DraftMethod.PromptLookup ? "ngram" : "mtp");
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
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
