namespace Glm5.Host.Hub;

/// <summary>What a download is busy with, in order.</summary>
internal enum DownloadPhase
{
    /// <summary>The hub is asked which files there are.</summary>
    Listing,

    /// <summary>Files arrive and are checked.</summary>
    Fetching,

    /// <summary>Everything is in place.</summary>
    Done,
}

/// <summary>A download at one moment.</summary>
/// <param name="Phase">What it is busy with.</param>
/// <param name="FilesDone">Files that are here and checked.</param>
/// <param name="FilesTotal">Files known to be needed: the shards join when the index has been read.</param>
/// <param name="BytesDone">Bytes of these files that are here, whoever brought them.</param>
/// <param name="BytesTotal">Bytes of these files.</param>
/// <param name="BytesFetched">Bytes that came over the network now, those included that had to come again.</param>
/// <param name="BytesPerSecond">Rate over the last seconds; 0 while unknown.</param>
/// <param name="Elapsed">Since it began.</param>
internal readonly record struct DownloadStatus(
    DownloadPhase Phase, int FilesDone, int FilesTotal, long BytesDone, long BytesTotal, long BytesFetched,
    double BytesPerSecond, TimeSpan Elapsed)
{
    /// <summary>Time until the last byte at this rate; null while unknown.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            double seconds = (BytesTotal - BytesDone) / BytesPerSecond;
            return BytesTotal > 0 && seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        }
    }

    /// <summary>The same in words: <c>12.10 of 756.20 GB, 3 of 142 files, 110.2 MB/s, 1 h 53 min left</c>.</summary>
    public string Words
    {
        get
        {
            if (Phase == DownloadPhase.Listing)
                return "asking for the list of files";
            string rate = BytesPerSecond > 0 ? $", {Printable.Bytes((long)BytesPerSecond)}/s" : "";
            string left = Remaining is { } time && BytesDone < BytesTotal ? $", {Printable.Time(time)} left" : "";
            string bytes = $"{Printable.Bytes(BytesDone)} of {Printable.Bytes(BytesTotal)}";
            return $"{bytes}, {FilesDone} of {FilesTotal} files{rate}{left}";
        }
    }
}
