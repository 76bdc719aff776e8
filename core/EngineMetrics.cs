using System.Diagnostics.Metrics;
using System.Linq;
using Glm5.Core.Kv;
using Glm5.Core.Scheduling;

namespace Glm5.Core;

/// <summary>
/// What the engine tells about itself, as instruments of the meter <see cref="MeterName"/>. Recording allocates nothing
/// and costs next to nothing when nobody listens.
/// </summary>
public sealed class EngineMetrics : IDisposable
{
    /// <summary>The meter to subscribe to.</summary>
    public const string MeterName = "Glm5.Engine";

    private static readonly double[] s_shortTimes =
        [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5];

    private static readonly double[] s_longTimes =
        [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];

    private static readonly int[] s_counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    /// <summary>The place of a draft behind the last chosen token, as a tag: from 1.</summary>
    private static readonly KeyValuePair<string, object?>[] s_places =
    [
        .. Enumerable.Range(1, DraftCounts.Places)
            .Select(place => KeyValuePair.Create<string, object?>("position", place)),
    ];

    /// <summary>The least sequences of a level of load, as a tag.</summary>
    private static readonly KeyValuePair<string, object?>[] s_loads =
        [.. Enumerable.Range(0, DraftCounts.Levels).Select(level => KeyValuePair.Create<string, object?>("load", 1 << level))];

    private static readonly KeyValuePair<string, object?> s_onDevice = new("tier", "device"), s_onHost = new("tier", "host");

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _stepTime, _queueTime, _prefillTime, _timeToFirstToken, _interTokenLatency;
    private readonly Histogram<int> _stepTokens, _stepSequences;
    private readonly Counter<long> _promptTokens, _generatedTokens, _preemptions, _queriedTokens, _cachedTokens;
    private readonly Counter<long> _draftTokens, _acceptedTokens, _draftTokensAtLoad, _acceptedTokensAtLoad, _expired;

    /// <summary>Instruments over an engine, whose status is read when they are.</summary>
    internal EngineMetrics(Func<EngineStatus> status)
    {
        _stepTime = Seconds("glm5.step.duration", "From a step's start to its tokens.", s_shortTimes);
        _stepTokens = Counts("glm5.step.tokens", "Tokens that a step computed of prompts, and chose.");
        _stepSequences = Counts("glm5.step.sequences", "Sequences that had a share of a step.");
        _prefillTime = Seconds(
            "glm5.prefill.duration", "From a sequence's first step to its first token.", s_longTimes);
        _queueTime = Seconds("glm5.queue.duration", "From a request's arrival to its first step.", s_longTimes);
        _timeToFirstToken = Seconds("glm5.time_to_first_token", "From a request's arrival to its first token.", s_longTimes);
        _interTokenLatency = Seconds("glm5.inter_token_latency", "From a token of an answer to the next.", s_shortTimes);
        _promptTokens = _meter.CreateCounter<long>("glm5.prompt_tokens", "{token}", "Prompt tokens computed.");
        _generatedTokens = _meter.CreateCounter<long>("glm5.generated_tokens", "{token}", "Tokens chosen.");
        _preemptions = _meter.CreateCounter<long>("glm5.preemptions", "{sequence}", "Sequences that gave their blocks up.");
        _expired = _meter.CreateCounter<long>(
            "glm5.expired", "{sequence}", "Sequences that were not begun in the time they had.");
        _queriedTokens = _meter.CreateCounter<long>(
            "glm5.prefix_cache.queried_tokens", "{token}", "Prompt tokens looked up in the prefix cache.");
        _cachedTokens = _meter.CreateCounter<long>(
            "glm5.prefix_cache.hit_tokens", "{token}", "Prompt tokens whose rows the prefix cache had, by where it had them.");
        _draftTokens = _meter.CreateCounter<long>(
            "glm5.draft_tokens", "{token}", "Drafts verified, by their place behind the last chosen token.");
        _draftTokensAtLoad = _meter.CreateCounter<long>(
            "glm5.draft_tokens.at_load", "{token}", "Drafts verified, by the sequences that their step had at least, and by place.");
        _acceptedTokensAtLoad = _meter.CreateCounter<long>(
            "glm5.draft_tokens_accepted.at_load", "{token}", "Drafts accepted, likewise.");
        _acceptedTokens = _meter.CreateCounter<long>(
            "glm5.draft_tokens.accepted", "{token}", "Drafts accepted, by the same.");
        Gauge("glm5.sequences.running", "{sequence}", "Sequences in the running batch.", () => status().Running);
        Gauge("glm5.sequences.waiting", "{sequence}", "Sequences that wait for admission.", () => status().Waiting);
        Gauge("glm5.kv_blocks.used", "{block}", "KV blocks owned by sequences.", () => status().BlocksInUse);
        Gauge(
            "glm5.kv_blocks.cached", "{block}", "KV blocks without an owner that hold a prefix.",
            () => status().BlocksCached);
        Gauge("glm5.draft_length", "{token}", "Tokens drafted a sequence and step.", () => status().DraftLength);
        Gauge("glm5.kv_blocks.total", "{block}", "KV blocks that sequences can own.", () => status().Blocks);
    }

    /// <summary>Adds the instruments of a host tier.</summary>
    internal void AddHostCache(Func<HostCacheStatus> status)
    {
        Gauge("glm5.host_cache.blocks.used", "{block}", "Copies of KV blocks on the host.", () => status().Used);
        Gauge("glm5.host_cache.blocks.total", "{block}", "Copies that fit.", () => status().Blocks);
        Total("glm5.host_cache.kept_blocks", "{block}", "Blocks copied to the host.", () => status().Kept);
        Total("glm5.host_cache.recalled_blocks", "{block}", "Blocks brought back.", () => status().Recalled);
        Total(
            "glm5.host_cache.lost_blocks", "{block}", "Blocks taken for others before a step had time to copy them.",
            () => status().Lost);
    }

    /// <summary>Ends the instruments.</summary>
    public void Dispose() => _meter.Dispose();

    internal void StepEnded(TimeSpan took, int sequences, int promptTokens, int generatedTokens, long preemptions)
    {
        _stepTime.Record(took.TotalSeconds);
        _stepSequences.Record(sequences);
        _stepTokens.Record(promptTokens + generatedTokens);
        _promptTokens.Add(promptTokens);
        _generatedTokens.Add(generatedTokens);
        if (preemptions > 0)
            _preemptions.Add(preemptions);
    }

    internal void Expired() => _expired.Add(1);

    internal void LookedUp(long queriedTokens, long cachedTokens, long recalledTokens)
    {
        if (queriedTokens == 0)
            return;
        _queriedTokens.Add(queriedTokens);
        _cachedTokens.Add(cachedTokens - recalledTokens, s_onDevice);
        if (recalledTokens > 0)
            _cachedTokens.Add(recalledTokens, s_onHost);
    }

    internal void Verified(int level, int place, long drafts, long accepted)
    {
        _draftTokens.Add(drafts, s_places[place]);
        _acceptedTokens.Add(accepted, s_places[place]);
        _draftTokensAtLoad.Add(drafts, s_loads[level], s_places[place]);
        _acceptedTokensAtLoad.Add(accepted, s_loads[level], s_places[place]);
    }

    internal void LeftQueue(TimeSpan waited) => _queueTime.Record(waited.TotalSeconds);

    internal void FirstToken(TimeSpan sinceArrival, TimeSpan sinceStart)
    {
        _timeToFirstToken.Record(sinceArrival.TotalSeconds);
        _prefillTime.Record(sinceStart.TotalSeconds);
    }

    internal void NextToken(TimeSpan took) => _interTokenLatency.Record(took.TotalSeconds);

    private void Gauge(string name, string unit, string description, Func<int> value) =>
        _meter.CreateObservableGauge(name, value, unit, description);

    private Histogram<int> Counts(string name, string description) => _meter.CreateHistogram(
        name, null, description, advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = s_counts });

    private void Total(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableCounter(name, value, unit, description);

    private Histogram<double> Seconds(string name, string description, double[] boundaries) => _meter.CreateHistogram(
        name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
