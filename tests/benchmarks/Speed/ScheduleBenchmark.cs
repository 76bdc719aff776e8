using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;

namespace Glm5.Benchmarks.Speed;

/// <summary>
/// The host's work for one step in steady state: every running sequence decodes a token, one in some hundreds ends and is
/// replaced from the queue, and as many arrive. Prepare runs while the device computes, Close and Apply between two
/// steps; the figure is all three. Goal: 200 us at 1,024 running and 10,000 waiting, also when they are of many keys and
/// three priorities. All that wait are late, so that the rule against starvation works at its hardest.
/// </summary>
public class ScheduleBenchmark
{
    private const int Blocks = 1 << 16, BlockSlots = 64, PromptLength = 100, LongestAnswer = 900, MaxTokens = 8192;

    private GenerationRequest[] _requests = [];
    private readonly SamplingScratch _scratch = new(1024);
    private readonly PrefixCache _prefixes = new(Blocks, BlockSlots);
    private Scheduler _scheduler = null!;
    private Step _step = null!, _other = null!;
    private int _arrived;
    private long _steps, _ticksAhead;

    /// <summary>Sequences in the running batch.</summary>
    [Params(64, 1024)]
    public int Running { get; set; }

    /// <summary>Sequences that wait.</summary>
    [Params(10_000)]
    public int Waiting { get; set; }

    /// <summary>Keys that share the engine; requests of more than one have priorities too.</summary>
    [Params(1, 1000)]
    public int Keys { get; set; }

    /// <summary>Fills batch and queue, and runs until the ends are spread.</summary>
    [GlobalSetup]
    public void Fill()
    {
        _requests = [.. Enumerable.Range(0, Keys).Select(key => new GenerationRequest
        {
            Prompt = [.. new int[PromptLength]],
            Sampling = new SamplingParameters { Temperature = 0 },
            Priority = key % 3,
            ShareKey = $"key {key}",
            ShareWeight = 1 + (key % 5),
        })];
        _scheduler = new Scheduler(
            new BlockPool(Blocks, _prefixes), MaxTokens, Running, TimeProvider.System, lateAfter: TimeSpan.Zero);
        (_step, _other) = (new Step(MaxTokens, Running, BlockSlots), new Step(MaxTokens, Running, BlockSlots));
        for (int i = 0; i < 2 * LongestAnswer; i++)
            WholeStep();
    }

    /// <summary>Close, prepare the next, apply.</summary>
    [Benchmark]
    public int WholeStep()
    {
        while (_scheduler.Waiting.Count < Waiting)
            Arrive();
        _scheduler.Close(_step);
        long began = Stopwatch.GetTimestamp();
        _scheduler.Prepare(_other);
        _ticksAhead += Stopwatch.GetTimestamp() - began;
        _steps++;
        _step.Batch.TokenCount.Fill(1);
        int gained = _scheduler.Apply(_step);
        (_step, _other) = (_other, _step);
        return gained;
    }

    /// <summary>Tells how much of a step's time is hidden behind the device's.</summary>
    [GlobalCleanup]
    public void TellWhatIsHidden() => Console.WriteLine(
        $"// {Running} running: {Stopwatch.GetElapsedTime(0, _ticksAhead).TotalMicroseconds / _steps:F1} us of each step are Prepare's");

    private void Arrive()
    {
        int answer = 1 + (int)(_arrived * 7919L % LongestAnswer);
        GenerationRequest request = _requests[_arrived % Keys];
        var sampler = new SequenceSampler(request, _arrived, TokenMask.Nothing, _scratch);
        var prefix = new PrefixChain(_prefixes, "bench", salt: null);
        int limit = PromptLength + answer;
        _scheduler.Add(new Sequence(request, sampler, limit, BlockSlots, prefix) { Arrival = _arrived++ });
    }
}
