namespace Glm5.Host.Hub;

/// <summary>
/// Brings a model: the list of files, the small ones, then the weights that the index names, each stage after a look
/// at the disk. The model's folder gets its files when all are here and checked.
/// </summary>
internal sealed partial class ModelDownload(
    ModelHub hub, HubCache cache, HubSettings settings, DownloadProgress progress, ILogger logger, TimeProvider clock)
{
    private const int LargestListing = 64 << 20;

    /// <summary>Brings what is not here yet; returns the folder and the listing.</summary>
    public async Task<(string Folder, HubListing Listing)> RunAsync(ModelId model, CancellationToken stop)
    {
        using HubHttp http = new(hub, settings, logger, clock);
        progress.Enter(DownloadPhase.Listing);
        HubListing listing = hub.ReadListing(
            model, await http.ReadAsync(hub.ListAddress(model), LargestListing, model, stop));
        HubFile[] small = [.. listing.Files.Where(file => !ServingFiles.IsWeights(file.Name))];
        RequireModel(listing);

        using FileDownload files = new(hub, cache, http, listing, settings, progress, logger, clock);
        progress.Enter(DownloadPhase.Fetching);
        await BringAsync(files, listing, small, stop);
        HubFile[] weights = Weights(listing);
        await BringAsync(files, listing, weights, stop);
        string folder = cache.Publish(listing, [.. small, .. weights]);
        progress.Enter(DownloadPhase.Done);
        return (folder, listing);
    }

    private async Task BringAsync(FileDownload download, HubListing listing, HubFile[] files, CancellationToken stop)
    {
        HubFile[] absent = [.. files.Where(file => !cache.LooksPresent(listing, file))];
        long needed = absent.Sum(file => file.Size - PartialFile.ArrivedAt(cache.PartialOf(listing, file), file.Size));
        DiskSpace.Require(needed, absent.Length, cache.BlobFolder(listing.Model), settings.FreeBytes);
        LogStage(logger, files.Length, absent.Length, needed);
        progress.Expect(files.Length, files.Sum(file => file.Size));
        ParallelOptions together = new() { MaxDegreeOfParallelism = settings.Connections, CancellationToken = stop };
        await Parallel.ForEachAsync(files, together, async (file, token) => await download.RunAsync(file, token));
    }

    private void RequireModel(HubListing listing)
    {
        if (listing.Find(ServingFiles.Config) is null
            || (listing.Find(ServingFiles.SingleWeights) is null && listing.Find(ServingFiles.Index) is null))
        {
            throw new HubException(
                HubFault.NotFound,
                $"{listing.Model} at {hub.Host} has no {ServingFiles.Config} with {ServingFiles.SingleWeights} or "
                + $"{ServingFiles.Index}: it is not a model in safetensors form; see {hub.PageOf(listing.Model)}");
        }
    }

    private HubFile[] Weights(HubListing listing)
    {
        if (listing.Find(ServingFiles.SingleWeights) is { } single)
            return [single];
        IReadOnlyList<string> shards = ServingFiles.Shards(
            cache.ReadablePathOf(listing, listing.Find(ServingFiles.Index)!.Value));
        string[] absent = [.. shards.Where(shard => listing.Find(shard) is null)];
        return absent.Length == 0
            ? [.. shards.Select(shard => listing.Find(shard)!.Value)]
            : throw new HubException(
                HubFault.NotFound,
                $"{listing.Model} at {hub.Host} is incomplete: its index names {absent.Length} shard(s) that are not "
                + $"there ({Printable.Some(absent)}); try another revision");
    }

    [LoggerMessage(
        Level = LogLevel.Debug, Message = "{Files} files, of which {Absent} are not here: {Bytes} bytes to fetch")]
    private static partial void LogStage(ILogger logger, int files, int absent, long bytes);
}
