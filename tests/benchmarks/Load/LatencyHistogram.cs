namespace Glm5.Benchmarks.Load;

/// <summary>Latencies up to a second in steps of 50 us; what took longer counts as a second.</summary>
internal sealed class LatencyHistogram
{
    private const int Buckets = 20_000;
    private const double BucketsPerMillisecond = 20;

    private readonly long[] _counts = new long[Buckets];
    private long _total;

    /// <summary>Counts one.</summary>
    public void Add(TimeSpan latency)
    {
        _counts[Math.Clamp((int)(latency.TotalMilliseconds * BucketsPerMillisecond), 0, Buckets - 1)]++;
        _total++;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        _total = 0;
    }

    /// <summary>The latency in milliseconds that <paramref name="share"/> of them do not exceed.</summary>
    public double Milliseconds(double share)
    {
        long rank = (long)Math.Ceiling(share * _total), seen = 0;
        for (int bucket = 0; bucket < Buckets; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
                return (bucket + 1) / BucketsPerMillisecond;
        }

        return Buckets / BucketsPerMillisecond;
    }
}
