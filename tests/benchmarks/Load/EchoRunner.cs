using System.Diagnostics;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Benchmarks.Load;

/// <summary>
/// Steps that compute nothing: every sequence gets the step's letter. A step of n sequences takes the time in which
/// <paramref name="tokensPerSecond"/> gives n tokens, as a device would that is just so fast.
/// </summary>
/// <param name="letters">Ids of the <see cref="StepClock"/>'s letters.</param>
/// <param name="blocks">KV blocks that the scheduler hands out.</param>
/// <param name="blockSlots">Slots in each.</param>
/// <param name="vocabularySize">One more than the highest id.</param>
/// <param name="tokensPerSecond">Tokens a second over all sequences; 0: no step takes any time.</param>
/// <param name="clock">Told of every step.</param>
internal sealed class EchoRunner(
    int[] letters, int blocks, int blockSlots, int vocabularySize, int tokensPerSecond, StepClock clock) : StepRunner
{
    private SampleBatch? _batch;
    private long _due;

    public override int Blocks => blocks;

    public override int BlockSlots => blockSlots;

    public override int VocabularySize => vocabularySize;

    public override int DraftLength => 0;

    public override string KvIdentity => "echo";

    public override void Begin(StepLayout layout, SampleBatch batch) => _batch = batch;

    public override void Complete()
    {
        SampleBatch batch = _batch!;
        if (tokensPerSecond > 0)
            WaitFor(batch.Count);
        batch.Tokens.Fill(new SampledToken(letters[clock.Stamp()], float.NaN, null));
        batch.TokenCount.Fill(1);
    }

    public override void Dispose()
    {
    }

    /// <summary>A late step does not shorten the next: a device does not catch up.</summary>
    private void WaitFor(int tokens)
    {
        long now = Stopwatch.GetTimestamp();
        _due = Math.Max(now, _due + (long)((double)tokens / tokensPerSecond * Stopwatch.Frequency));
        while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _due) is { Ticks: > 0 } left)
            Thread.Sleep(left);
    }
}
