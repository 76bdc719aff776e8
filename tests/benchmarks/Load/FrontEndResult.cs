using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Glm5.Benchmarks.Load;

/// <summary>Streams through the HTTP surface, measured once.</summary>
/// <param name="Streams">Answers at a time, each on its own connection.</param>
/// <param name="StepRate">Tokens a second at which the engine's steps came; 0: as fast as they were taken.</param>
/// <param name="TokensPerSecond">Tokens a second that clients read, over all streams.</param>
/// <param name="AddedMilliseconds">From a step's end to its tokens being read, up to 1 ms of which is the client's own.</param>
/// <param name="Seconds">How long it was measured.</param>
/// <param name="BytesPerToken">What the server allocated for a token, everything counted.</param>
/// <param name="Collections">The server's garbage collections in that time, by generation.</param>
/// <param name="ServerCores">Processors that the server kept busy.</param>
/// <param name="ClientCores">Processors that the clients kept busy beside it.</param>
internal sealed record FrontEndResult(
    int Streams, int StepRate, double TokensPerSecond, AddedLatency? AddedMilliseconds, double Seconds, double BytesPerToken,
    int[] Collections, double ServerCores, double ClientCores)
{
    /// <summary>Less of the rate than this is a backlog that grows: a latency would mean nothing.</summary>
    private const double Kept = 0.98;

    public static FrontEndResult Of(int streams, int rate, LoadCounts counts, ServerUse used)
    {
        double perSecond = counts.Tokens / counts.Seconds;
        bool kept = rate > 0 && perSecond >= Kept * rate;
        return new FrontEndResult(
            streams, rate, Math.Round(perSecond), kept ? new AddedLatency(counts.Median, counts.P99, counts.P999) : null,
            Math.Round(counts.Seconds, 1), Math.Round((double)used.Bytes / counts.Tokens, 1),
            [used.Gen0, used.Gen1, used.Gen2], Math.Round(used.Processor.TotalSeconds / counts.Seconds, 2),
            Math.Round(counts.Cores, 2));
    }
}

/// <summary>Milliseconds that half, 99 of 100 and 999 of 1,000 tokens do not exceed.</summary>
internal sealed record AddedLatency(double Median, double P99, double P999);

/// <summary>What this process has used since its start.</summary>
internal readonly record struct ServerUse(TimeSpan Processor, long Bytes, int Gen0, int Gen1, int Gen2)
{
    public static ServerUse Now() => new(
        Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(), GC.CollectionCount(0),
        GC.CollectionCount(1), GC.CollectionCount(2));

    public static ServerUse operator -(ServerUse a, ServerUse b) => new(
        a.Processor - b.Processor, a.Bytes - b.Bytes, a.Gen0 - b.Gen0, a.Gen1 - b.Gen1, a.Gen2 - b.Gen2);
}

[JsonSerializable(typeof(LoadCounts))]
internal sealed partial class LoadJson : JsonSerializerContext;
