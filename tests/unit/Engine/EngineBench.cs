using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Engine;

/// <summary>An engine over a <see cref="FakeStepRunner"/> whose turns the test takes itself.</summary>
internal sealed class EngineBench : IDisposable
{
    public EngineBench(
        int blocks = 65, int blockSlots = 4, int context = 100, int maxTokens = 32, int maxSequences = 8,
        int maxWaiting = 100, bool prefixCaching = true, int drafts = 0, bool adapts = false,
        TimeProvider? time = null, SchedulingPolicy scheduling = SchedulingPolicy.FirstComeFirstServed,
        TimeSpan? lateAfter = null, HostCacheSize hostCache = default, bool looksUp = false)
    {
        Context = context;
        Runner = new FakeStepRunner(
            blocks, blockSlots, looksUp ? 0 : drafts, hostCache: hostCache, repeats: looksUp);
        var options = new ModelOptions
        {
            Folder = "none",
            MaxBatchedTokens = maxTokens,
            MaxSequences = maxSequences,
            MaxWaiting = maxWaiting,
            PrefixCaching = prefixCaching,
            AdaptSpeculation = adapts,
            Scheduling = scheduling,
            LateAfter = lateAfter ?? TimeSpan.FromSeconds(30),
            SpeculativeTokens = drafts,
            DraftMethod = looksUp ? DraftMethod.PromptLookup : DraftMethod.DraftLayer,
            LookupShortest = 1,
        };
        Engine = new Core.Engine([Runner], context, TokenMask.Nothing, options, time ?? TimeProvider.System, NullLogger.Instance);
    }

    public int Context { get; }

    public FakeStepRunner Runner { get; }

    public Core.Engine Engine { get; }

    public static GenerationRequest Request(int seed, int promptLength, int maxTokens) => new()
    {
        Prompt = [.. Enumerable.Range(0, promptLength).Select(i => ((seed * 7) + (i * 13)) % 50)],
        Sampling = new SamplingParameters { Temperature = 0 },
        MaxTokens = maxTokens,
    };

    public GenerationStream Submit(GenerationRequest request) => (GenerationStream)Engine.Submit(request);

    /// <summary>Runs to the end; returns the places of the streams in the order in which they ended.</summary>
    public List<int> OrderOfEnds(IReadOnlyList<GenerationStream> streams)
    {
        var order = new List<int>();
        bool ran;
        do
        {
            ran = Engine.Turn();
            order.AddRange(Enumerable.Range(0, streams.Count).Where(i => streams[i].Finish is not null).Except(order));
        }
        while (ran);
        return order;
    }

    /// <summary>Turns until nothing is left to run; returns how many there were.</summary>
    public int RunToEnd(int most = 100_000)
    {
        int turns = 0;
        while (Engine.Turn())
            Assert.IsLessThan(most, ++turns, "the engine does not come to rest");
        return turns;
    }

    public static List<int> Read(GenerationStream stream)
    {
        var tokens = new List<int>();
        while (stream.TryRead(out SampledToken token))
            tokens.Add(token.Token);
        return tokens;
    }

    public List<int> Expected(GenerationRequest request) =>
        [.. FakeStepRunner.Expected(request, Context, repeats: Runner.Repeats).Select(t => t.Token)];

    public void Dispose() => Engine.Dispose();
}
