namespace Glm5.Core.Sampling;

/// <summary>
/// Chooses the tokens of one sequence. Holds what the choice depends on: the request's parameters and the tokens so far.
/// Randomness is keyed by seed and position, never by call order.
/// </summary>
public abstract class SequenceSampler
{
    /// <summary>True when the choice is the plain argmax (lowest id among equals) and nothing else is wanted.</summary>
    public abstract bool IsPlainArgMax { get; }

    /// <summary>Chooses from logits [vocab], which it may overwrite. Does not count the token: see <see cref="Accept"/>.</summary>
    public abstract SampledToken Choose(Span<float> logits);

    /// <summary>Counts a token as part of the sequence.</summary>
    public abstract void Accept(int token);
}
