using Glm5.Core.Sampling;

namespace Glm5.Backends.Simulated;

/// <summary>
/// The tokens of sequences that no model computes: each follows from the sequence's seed and its position alone, so an
/// answer is the same however it is scheduled, preempted or drafted. What the draft layer would have guessed is not
/// modelled; whether it would have been right is drawn here, by the same key.
/// </summary>
/// <param name="acceptance">
/// Probability that the draft at each place is accepted once all before it are; the last stands for all behind it.
/// </param>
internal sealed class TokenSource(IReadOnlyList<double> acceptance)
{
    /// <summary>The token that is due; of those that may not be chosen now, the next that may.</summary>
    public static int At(SampleKey key, int vocabulary, SequenceSampler sampler)
    {
        int token = (int)(KeyedRandom.Unit(key.Seed, key.Position, DrawPurpose.Token) * vocabulary);
        for (int tried = 0; tried < vocabulary && !sampler.Allows(token); tried++)
            token = (token + 1) % vocabulary;
        return token;
    }

    /// <summary>Whether the draft of that token is right.</summary>
    /// <param name="key">The token's.</param>
    /// <param name="place">Its place among the drafts, from 0.</param>
    public bool Accepts(SampleKey key, int place) => acceptance.Count > 0
        && KeyedRandom.Unit(key.Seed, key.Position, DrawPurpose.Draft) < acceptance[Math.Min(place, acceptance.Count - 1)];
}
