namespace Glm5.Core;

/// <summary>How the tokens of a request are chosen. Defaults change nothing about the model's distribution.</summary>
public sealed record SamplingParameters
{
    /// <summary>Divides logits; 0 is greedy.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the fewest most probable tokens whose probabilities reach this; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps this many most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps tokens at least this probable relative to the most probable one; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in prompt or answer; 1 does nothing.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from logits of tokens in the answer.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted once for each occurrence in the answer.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>The seed of the request's randomness; null takes a fresh one.</summary>
    public long? Seed { get; init; }

    /// <summary>Added to logits, by token id.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Log probabilities of the most probable tokens to return beside the chosen one's; null returns none, 0 only the chosen one's.</summary>
    public int? LogProbs { get; init; }
}
