namespace Glm5.Core.Sampling;

/// <summary>
/// What choosing a token needs room for, allocated once for a vocabulary and shared by the samplers of an engine. Used by
/// one thread at a time: the one that samples.
/// </summary>
public sealed class SamplingScratch(int vocabularySize)
{
    /// <summary>[vocab] logits as the model gave them, when log probabilities are wanted.</summary>
    internal float[] Raw { get; } = new float[vocabularySize];

    /// <summary>Tokens that pass the filters.</summary>
    internal Candidates Candidates { get; } = new(vocabularySize);

    /// <summary>[blocks of vocab] sums of weights.</summary>
    internal double[] BlockSums { get; } = new double[(vocabularySize / LogitMath.BlockLength) + 1];
}
