namespace Glm5.Host.Hub;

/// <summary>How models are found and fetched. The defaults suit one machine on one link.</summary>
internal sealed class HubSettings
{
    /// <summary>Where Hugging Face is, and its cache here.</summary>
    public required HubPlace HuggingFace { get; init; }

    /// <summary>Where ModelScope is, and its cache here.</summary>
    public required HubPlace ModelScope { get; init; }

    /// <summary>Whether the network must not be used.</summary>
    public bool Offline { get; init; }

    /// <summary>Most transfers at once, over all files and ranges.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>
    /// A file is asked for in ranges of this many bytes. Each costs the hub a request: large, or it gets a 429.
    /// </summary>
    public long PieceBytes { get; init; } = 256L << 20;

    /// <summary>A transfer that brings less than <see cref="StallBytes"/> in this time has stalled.</summary>
    public TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// See <see cref="StallTime"/>. A transfer that brought so much before it broke is continued without counting as a
    /// failure.
    /// </summary>
    public long StallBytes { get; init; } = 64 << 10;

    /// <summary>How often a request is tried again before it is given up.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The wait before the first retry; it doubles.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait that a server may ask for; beyond it the person decides.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes that a folder's volume has left. A seam for tests.</summary>
    public Func<string, long> FreeBytes { get; init; } = DiskSpace.FreeAt;

    /// <summary>
    /// Makes a symbolic link at the first path to the second; false where links cannot be made. A seam for tests.
    /// </summary>
    public Func<string, string, bool> Link { get; init; } = SymbolicLinks.TryCreate;

    /// <summary>The place of a hub.</summary>
    public HubPlace PlaceOf(HubKind hub) => hub == HubKind.ModelScope ? ModelScope : HuggingFace;
}

/// <summary>A hub from here.</summary>
/// <param name="Endpoint">Scheme, host and perhaps a path; ends with a slash.</param>
/// <param name="CacheRoot">The folder of its models here, in the layout that its own tools use.</param>
/// <param name="Token">Who asks; null for anybody.</param>
internal sealed record HubPlace(Uri Endpoint, string CacheRoot, HubToken? Token);
