using BenchmarkDotNet.Attributes;
using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;

namespace Glm5.Benchmarks.Speed;

/// <summary>
/// The host's work for one decode step of 1,024 running sequences while 10,000 wait: what is done while the device
/// computes, and what is left between two steps. Goal: 200 us together.
/// </summary>
[MemoryDiagnoser]
public class ScheduleBenchmark
{
    private const int BlockSlots = 64, PromptLength = 100, Answer = 1 << 20;

    private Scheduler _scheduler = null!;
    private Step _step = null!, _other = null!;

    /// <summary>Sequences in the running batch.</summary>
    [Params(64, 1024)]
    public int Running { get; set; }

    /// <summary>Sequences that wait.</summary>
    [Params(10_000)]
    public int Waiting { get; set; }

    /// <summary>Fills the batch and the queue.</summary>
    [GlobalSetup]
    public void Fill()
    {
        const int MaxTokens = 8192;
        _scheduler = new Scheduler(new BlockPool(1 << 22), MaxTokens, Running);
        (_step, _other) = (new Step(MaxTokens, Running, BlockSlots), new Step(MaxTokens, Running, BlockSlots));
        var request = new GenerationRequest
        {
            Prompt = [.. new int[PromptLength]], Sampling = new SamplingParameters { Temperature = 0 },
        };
        var scratch = new SamplingScratch(1024);
        for (int i = 0; i < Running + Waiting; i++)
        {
            var sampler = new SequenceSampler(request, i, TokenMask.Nothing, scratch);
            _scheduler.Add(new Sequence(request, sampler, PromptLength + Answer, BlockSlots) { Arrival = i });
        }

        for (int i = 0; i < 64; i++)
            WholeStep();
    }

    /// <summary>Prepare, close and apply one step.</summary>
    [Benchmark]
    public int WholeStep()
    {
        _scheduler.Close(_step);
        _scheduler.Prepare(_other);
        _step.Batch.TokenCount.Fill(1);
        int gained = _scheduler.Apply(_step);
        (_step, _other) = (_other, _step);
        return gained;
    }
}
