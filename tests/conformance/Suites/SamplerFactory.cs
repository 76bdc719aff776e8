using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Samplers as the engine makes them, for small vocabularies.</summary>
internal static class SamplerFactory
{
    private const int LargestVocabulary = 256;

    public static SequenceSampler Greedy() => new(
        new GenerationRequest { Prompt = [0], Sampling = new SamplingParameters { Temperature = 0 } },
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
