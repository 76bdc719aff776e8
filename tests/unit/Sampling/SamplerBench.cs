using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Sampling;

/// <summary>Samplers over a small vocabulary.</summary>
internal static class SamplerBench
{
    public static SequenceSampler New(
        SamplingParameters parameters, int vocabulary, long seed = 1, int[]? prompt = null, int minTokens = 0, int[]? stops = null,
        TokenMask? unnamed = null)
    {
        var request = new GenerationRequest
        {
            Prompt = [.. prompt ?? [0]],
            Sampling = parameters,
            MinTokens = minTokens,
            StopIds = [.. stops ?? []],
        };
        return new SequenceSampler(request, seed, unnamed ?? TokenMask.Nothing, new SamplingScratch(vocabulary));
    }

    /// <summary>How often each token is drawn, over independent positions.</summary>
    public static int[] Draw(SamplingParameters parameters, float[] logits, int draws, long seed = 1)
    {
        SequenceSampler sampler = New(parameters, logits.Length, seed);
        var counts = new int[logits.Length];
        var row = new float[logits.Length];
        for (int i = 0; i < draws; i++)
        {
            logits.CopyTo(row, 0);
            int token = sampler.Choose(row).Token;
            sampler.Accept(token);
            counts[token]++;
        }

        return counts;
    }

    /// <summary>softmax(logits / temperature), in double.</summary>
    public static double[] Probabilities(float[] logits, double temperature = 1)
    {
        double max = logits.Max();
        double[] weights = [.. logits.Select(l => Math.Exp((l - max) / temperature))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    /// <summary>Logits of a shape that has ties, a long tail and both signs.</summary>
    public static float[] Logits(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => MathF.Round((float)((random.NextDouble() * 8) - 5), 1))];
    }
}
