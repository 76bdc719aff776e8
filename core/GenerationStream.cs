using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;

namespace Glm5.Core;

/// <summary>
/// The way from the engine's thread to a request's reader. Writing never waits and never runs the reader's code; what is
/// not read yet is bounded by the context's length.
/// </summary>
internal sealed class GenerationStream(Sequence sequence, Inbox inbox) : Generation
{
    private const int Running = -1;

    private readonly Channel<SampledToken> _tokens = Channel.CreateUnbounded<SampledToken>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    private int _finish = Running;

    /// <summary>What it is the answer of.</summary>
    public Sequence Sequence => sequence;

    /// <inheritdoc/>
    public override int PromptTokens => sequence.PromptLength;

    /// <inheritdoc/>
    public override int CachedTokens => sequence.CachedTokens ?? 0;

    /// <inheritdoc/>
    public override IReadOnlyList<ScoredToken> PromptScores => sequence.Scores;

    /// <inheritdoc/>
    public override FinishReason? Finish =>
        Volatile.Read(ref _finish) is var finish and not Running ? (FinishReason)finish : null;

    /// <inheritdoc/>
    public override bool HasNext => _tokens.Reader.TryPeek(out _);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<SampledToken> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        try
        {
            while (await _tokens.Reader.WaitToReadAsync(cancel).ConfigureAwait(false))
            {
                while (_tokens.Reader.TryRead(out SampledToken token))
                    yield return token;
            }
        }
        finally
        {
            // A reader that stops early, by a token, an error or a break, wants no more tokens.
            Cancel();
        }
    }

    /// <inheritdoc/>
    public override void Cancel()
    {
        if (Finish is null)
            inbox.Cancel(sequence);
    }

    /// <inheritdoc/>
    public override void Dispose() => Cancel();

    /// <summary>Publishes a token that others will follow.</summary>
    public void Write(in SampledToken token) => _tokens.Writer.TryWrite(token);

    /// <summary>
    /// Publishes the last token. The reason is set first: who reads the token can see that it is the last.
    /// </summary>
    public void WriteLast(in SampledToken token, FinishReason reason)
    {
        Volatile.Write(ref _finish, (int)reason);
        _tokens.Writer.TryWrite(token);
        _tokens.Writer.TryComplete();
    }

    /// <summary>Ends the stream behind the tokens published so far; the failure is thrown to the reader there.</summary>
    public void End(FinishReason reason, Exception? failure)
    {
        Volatile.Write(ref _finish, (int)reason);
        _tokens.Writer.TryComplete(failure);
    }

    /// <summary>Takes a token that is there already.</summary>
    internal bool TryRead(out SampledToken token) => _tokens.Reader.TryRead(out token);
}
