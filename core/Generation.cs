using Glm5.Core.Sampling;

namespace Glm5.Core;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>A stop id was chosen.</summary>
    Stop,

    /// <summary>MaxTokens or the context's end was reached.</summary>
    Length,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>The engine could not go on; reading the tokens throws the reason.</summary>
    Failed,

    /// <summary>It waited beyond its <see cref="GenerationRequest.MaxWait"/>; reading the tokens throws that.</summary>
    Expired,
}

/// <summary>One submitted request as its owner sees it: a stream of tokens, and the way to end it. One reader.</summary>
public abstract class Generation : IDisposable
{
    /// <summary>Tokens of the prompt.</summary>
    public abstract int PromptTokens { get; }

    /// <summary>Those of them whose rows the prefix cache had; known from the first token on.</summary>
    public abstract int CachedTokens { get; }

    /// <summary>
    /// The tokens of the prompt but the first, as <see cref="GenerationRequest.PromptLogProbs"/> asked for them; complete from
    /// the first token on, and empty when nothing was asked.
    /// </summary>
    public abstract IReadOnlyList<ScoredToken> PromptScores { get; }

    /// <summary>Why it ended; null while it runs.</summary>
    public abstract FinishReason? Finish { get; }

    /// <summary>True when a token is there that was not read yet: what is made of the last one may wait for it.</summary>
    public abstract bool HasNext { get; }

    /// <summary>The tokens as they are chosen, the stop id included. Ends when the answer ends; cancelling the enumeration cancels the sequence.</summary>
    /// <exception cref="Accelerator.AcceleratorException">A device failed.</exception>
    /// <exception cref="RequestExpiredException">It waited too long for its first step.</exception>
    public abstract IAsyncEnumerable<SampledToken> ReadAllAsync(CancellationToken cancel = default);

    /// <summary>Ends the sequence within one step. Safe from any thread, and after the end.</summary>
    public abstract void Cancel();

    /// <summary>Cancels.</summary>
    public abstract void Dispose();
}
