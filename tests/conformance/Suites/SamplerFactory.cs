using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Samplers as the engine makes them, for small vocabularies.</summary>
internal static class SamplerFactory
{
    private const int LargestVocabulary = 1024;

    /// <summary>Its tokens are the device's argmax.</summary>
    public static SequenceSampler Greedy() => Of(new SamplingParameters { Temperature = 0 });

    /// <summary>Its tokens are chosen on the host.</summary>
    public static SequenceSampler GreedyWithLogProbs() => Of(new SamplingParameters { Temperature = 0, LogProbs = 1 });

    private static SequenceSampler Of(SamplingParameters sampling) => new(
        new GenerationRequest { Prompt = [0], Sampling = sampling },
        seed: 0, TokenMask.Nothing, new SamplingScratch(LargestVocabulary));

    /// <summary>Chooses one token, whatever the logits.</summary>
    public static SequenceSampler Always(int token) => new(
        new GenerationRequest
        {
            Prompt = [0],
            Sampling = new SamplingParameters { Temperature = 0, LogitBias = new Dictionary<int, float> { [token] = 1e6f } },
        },
        seed: 0, TokenMask.Nothing, new SamplingScratch(LargestVocabulary));
}
