using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;

namespace Glm5.Core;

/// <summary>How tokens reach their readers.</summary>
public sealed partial class Engine
{
    /// <summary>Hands the tokens of the step that finished last to their readers.</summary>
    private void Publish()
    {
        long now = _time.GetTimestamp();
        foreach (EngineGroup group in _groups)
        {
            if (group.TakeUnpublished() is { } step)
                Publish(step, now);
        }
    }

    private void Publish(Step step, long now)
    {
        int row = 0;
        foreach (ref readonly Share share in step.Shares)
        {
            if (share.Samples)
                Publish(share.Sequence, step.Batch, row++, now);
        }
    }

    private void Publish(Sequence sequence, SampleBatch batch, int row, long now)
    {
        if (sequence.Stream.Finish is not null)
            return;
        Span<SampledToken> tokens = batch.Tokens.Slice(batch.FirstRow[row], batch.TokenCount[row]);
        _counters.Published(sequence, tokens.Length, now);
        foreach (ref readonly SampledToken token in tokens[..^1])
            sequence.Stream.Write(token);
        if (sequence.Finish is { } reason)
        {
            sequence.Stream.WriteLast(tokens[^1], reason);
            _counters.Ended(now);
        }
        else
        {
            sequence.Stream.Write(tokens[^1]);
        }
    }
}
