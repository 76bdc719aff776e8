using System.Runtime.InteropServices;
using Glm5.Core.Sampling;

namespace Glm5.Core.Simulation;

/// <summary>Made-up requests: how many, how long, when they come, and what they share. The same seed makes the same ones.</summary>
public sealed record Workload
{
    /// <summary>Requests in all.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    public required LengthRange Input { get; init; }

    /// <summary>Tokens of an answer, all of which are generated.</summary>
    public required LengthRange Output { get; init; }

    /// <summary>Requests a second, at random moments; infinite: all come at once.</summary>
    public double Rate { get; init; } = double.PositiveInfinity;

    /// <summary>The most requests that are under way: the next comes when one has its answer; 0: no bound.</summary>
    public int Concurrency { get; init; }

    /// <summary>Share of each prompt that it begins with in common with others of its group.</summary>
    public double SharedPrefix { get; init; }

    /// <summary>Groups of requests that share a prefix.</summary>
    public int PrefixGroups { get; init; } = 1;

    /// <summary>Of everything that is drawn.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Tokens of a request's prompt.</summary>
    public int InputLength(int request) => Input.At(Draw(request, Purpose.Input));

    /// <summary>Tokens of its answer.</summary>
    public int OutputLength(int request) => Output.At(Draw(request, Purpose.Output));

    /// <summary>Seconds between the arrival of the request before and this one's; a Poisson process.</summary>
    public double Gap(int request) => double.IsInfinity(Rate) ? 0 : -Math.Log(1 - Draw(request, Purpose.Arrival)) / Rate;

    /// <summary>The request, for a vocabulary of so many tokens.</summary>
    public GenerationRequest Request(int request, int vocabulary)
    {
        int[] prompt = new int[InputLength(request)];
        int shared = (int)(prompt.Length * SharedPrefix);
        Fill(prompt.AsSpan(0, shared), Key(Purpose.Prefix, request % PrefixGroups), vocabulary);
        Fill(prompt.AsSpan(shared), Key(Purpose.Prompt, request), vocabulary);
        return new GenerationRequest
        {
            Prompt = ImmutableCollectionsMarshal.AsImmutableArray(prompt),
            MaxTokens = OutputLength(request),
            Sampling = new SamplingParameters { Temperature = 0, Seed = Key(Purpose.Answer, request) },
        };
    }

    private static void Fill(Span<int> tokens, long key, int vocabulary)
    {
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = (int)(KeyedRandom.Unit(key, i, DrawPurpose.Workload) * vocabulary);
    }

    private double Draw(int request, Purpose purpose) =>
        KeyedRandom.Unit(Key(purpose, request), 0, DrawPurpose.Workload);

    private long Key(Purpose purpose, int number) => (Seed << 36) ^ ((long)purpose << 32) ^ number;

    private enum Purpose
    {
        Input = 1,
        Output,
        Arrival,
        Prefix,
        Prompt,
        Answer,
    }
}
