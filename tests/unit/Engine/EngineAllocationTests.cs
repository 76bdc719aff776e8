using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

[TestClass]
[DoNotParallelize]
public sealed class EngineAllocationTests
{
    [TestMethod]
    [DataRow(0, 200, 600, false)]
    [DataRow(3, 60, 180, false)]
    [DataRow(3, 200, 100, true)]
    public void A_steady_step_allocates_nothing(int drafts, int warming, int turns, bool looksUp)
    {
        using var bench = new EngineBench(blocks: 4000, context: 1000, maxTokens: 128, maxSequences: 16, drafts: drafts, looksUp: looksUp,
            hostCache: new HostCacheSize(1000, 8));
        bench.Runner.Checks = false;
        GenerationStream[] streams = [.. Enumerable.Range(0, 16).Select(i => bench.Submit(Sampled(i)))];
        Turn(bench, streams, warming);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turn(bench, streams, turns);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual(16, bench.Engine.Status.Running);
    }

    private static void Turn(EngineBench bench, GenerationStream[] streams, int turns)
    {
        for (int turn = 0; turn < turns; turn++)
        {
            bench.Engine.Turn();
            foreach (GenerationStream stream in streams)
            {
                while (stream.TryRead(out SampledToken _))
                {
                }
            }
        }
    }

    /// <summary>Every way of choosing: greedy, plain temperature, each filter, penalties, bias.</summary>
    private static GenerationRequest Sampled(int i) => EngineBench.Request(i, 10 + i, 900) with
    {
        Sampling = new SamplingParameters
        {
            Temperature = i % 4 == 0 ? 0 : 0.8f,
            TopP = i % 4 == 1 ? 0.9f : 1,
            TopK = i % 4 == 2 ? 20 : 0,
            MinP = i % 4 == 3 ? 0.05f : 0,
            RepetitionPenalty = i >= 8 ? 1.1f : 1,
            FrequencyPenalty = i >= 12 ? 0.1f : 0,
            LogitBias = new Dictionary<int, float> { [i] = 0.5f },
            Seed = i,
        },
        MinTokens = 900,
        StopIds = [7],
    };
}
