using System.Diagnostics;
using System.Text.Json;
using Glm5.Benchmarks.Machine;
using Glm5.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Benchmarks.Speed;

/// <summary>A model behind its engine, and how fast it answers the same prompts round after round. Owns the model.</summary>
internal sealed class AnsweringEngine(LoadedModel model, ModelOptions options) : IDisposable
{
    private readonly List<double> _rates = [];
    private long _steps, _tokens;

    /// <summary>The engine, for what it counts itself.</summary>
    public Engine Engine { get; } = new(model, options, TimeProvider.System, NullLogger.Instance);

    /// <summary>Tokens of answers a second, over the rounds that counted.</summary>
    public Spread TokensPerSecond => Spread.Of(_rates);

    /// <summary>The same, round by round.</summary>
    public IReadOnlyList<double> Rates => _rates;

    /// <summary>Tokens of answers over steps.</summary>
    public double TokensPerStep => Math.Round((double)_tokens / _steps, 2);

    /// <summary>The prompts of a file like glm5-nano's golden.json, with the length that each answer had.</summary>
    public static List<(int[] Prompt, int Length)> ReadPrompts(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => (
            c.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray(),
            c.GetProperty("output_ids").GetArrayLength()))];
    }

    /// <summary>Answers every prompt greedily, and returns the tokens: they must not depend on how they are computed.</summary>
    public List<int> Answer(IReadOnlyList<(int[] Prompt, int Length)> prompts, bool counts)
    {
        long steps = Engine.Status.Steps, start = Stopwatch.GetTimestamp();
        Generation[] generations = [.. prompts.Select(p => Engine.Submit(new GenerationRequest
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
            (_steps, _tokens) = (_steps + Engine.Status.Steps - steps, _tokens + tokens.Count);
        }

        return tokens;
    }

    public void Dispose()
    {
        Engine.Dispose();
        model.Dispose();
    }
}
