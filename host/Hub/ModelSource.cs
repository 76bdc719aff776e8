namespace Glm5.Host.Hub;

/// <summary>Where a model's files were found.</summary>
internal enum ModelOrigin
{
    /// <summary>The word is a folder.</summary>
    Folder,

    /// <summary>A hub's cache had all of it; no request was made.</summary>
    Cache,

    /// <summary>The hub was asked, and what was not here was fetched.</summary>
    Hub,
}

/// <summary>A model whose files are here.</summary>
/// <param name="Folder">Full path; everything that serving reads is in it.</param>
/// <param name="Origin">How it was found.</param>
/// <param name="Model">Its name, unless it was given as a folder.</param>
/// <param name="Revision">The commit or branch that the files are of, where the hub was asked.</param>
/// <param name="Download">What the download did; default where there was none.</param>
internal readonly record struct ResolvedModel(
    string Folder, ModelOrigin Origin, ModelId? Model, string? Revision, DownloadStatus Download);

/// <summary>
/// From what a person calls a model to a folder with its files: a folder as it is; an id from the hub's cache here
/// when that is complete, else from the hub.
/// </summary>
/// <param name="settings">Places and bounds.</param>
/// <param name="logger">Told of waits, retries and restarts.</param>
/// <param name="clock">Measures waits and rates.</param>
internal sealed class ModelSource(HubSettings settings, ILogger logger, TimeProvider clock)
{
    /// <summary>
    /// Whether a word can only be meant as an id: it has the form of one and no folder has that name.
    /// </summary>
    public static bool IsId(string word)
    {
        try
        {
            ModelId.Parse(word);
            return !Directory.Exists(word);
        }
        catch (HubException)
        {
            return false;
        }
    }

    /// <summary>Resolves a folder or an id; the network is used only for a model that is not complete here.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="hub">The hub of an id without prefix; null for Hugging Face.</param>
    /// <param name="revision">A revision said apart from the word.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="stop">Stops it; what has arrived is kept.</param>
    /// <exception cref="HubException">It cannot be had; the message says what to do.</exception>
    public async Task<ResolvedModel> ResolveAsync(
        string word, HubKind? hub = null, string? revision = null, IProgress<DownloadStatus>? observer = null,
        CancellationToken stop = default)
    {
        if (Directory.Exists(word))
            return new ResolvedModel(Path.GetFullPath(word), ModelOrigin.Folder, null, null, default);
        return await ResolveAsync(Parse(word, hub, revision), observer, stop);
    }

    /// <summary>Resolves an id; the network is used only for a model that is not complete here.</summary>
    /// <exception cref="HubException">It cannot be had; the message says what to do.</exception>
    public async Task<ResolvedModel> ResolveAsync(
        ModelId model, IProgress<DownloadStatus>? observer, CancellationToken stop) =>
        Complete(model) is { } folder
            ? new ResolvedModel(folder, ModelOrigin.Cache, model, null, default)
            : await PullAsync(model, observer, stop);

    /// <summary>Brings a model up to date with its hub: what is not here, or has changed there, is fetched.</summary>
    /// <exception cref="HubException">It cannot be had; the message says what to do.</exception>
    public async Task<ResolvedModel> PullAsync(
        ModelId model, IProgress<DownloadStatus>? observer, CancellationToken stop)
    {
        if (settings.Offline)
        {
            return Complete(model) is { } folder
                ? new ResolvedModel(folder, ModelOrigin.Cache, model, null, default)
                : throw new HubException(HubFault.Offline, OfflineMessage(model));
        }

        ModelHub hub = ModelHub.Of(model.Hub, settings);
        DownloadProgress progress = new(clock, observer);
        try
        {
            ModelDownload download = new(hub, HubCache.Of(model.Hub, settings), settings, progress, logger, clock);
            (string folder, HubListing listing) = await download.RunAsync(model, stop);
            return new ResolvedModel(folder, ModelOrigin.Hub, model, listing.Revision, progress.Status);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                HubFault.Disk,
                $"{model} cannot be stored in {settings.PlaceOf(model.Hub).CacheRoot}: {exception.Message} What has "
                + "arrived is kept",
                exception);
        }
    }

    /// <summary>The id that a word means which is no folder.</summary>
    /// <exception cref="HubException">It is none; the message says what was expected.</exception>
    public static ModelId Parse(string word, HubKind? hub = null, string? revision = null)
    {
        bool isPath = word.StartsWith('.') || word.StartsWith('~') || Path.IsPathRooted(word)
            || word.Split('@')[0].Count(c => c == '/') > 1;
        return isPath
            ? throw new HubException(
                HubFault.Name,
                $"there is no folder '{Printable.Text(word)}'; expected a checkpoint's folder, or organisation/name")
            : ModelId.Parse(word, hub, revision);
    }

    private string? Complete(ModelId model)
    {
        try
        {
            string? folder = HubCache.Of(model.Hub, settings).Find(model);
            return folder is not null && ServingFiles.MissingFrom(folder).Count == 0 ? folder : null;
        }
        catch (HubException) when (!settings.Offline)
        {
            // A damaged index: fetched anew.
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                HubFault.Disk, $"the cache {settings.PlaceOf(model.Hub).CacheRoot} cannot be read: {exception.Message}",
                exception);
        }
    }

    private string OfflineMessage(ModelId model)
    {
        string root = settings.PlaceOf(model.Hub).CacheRoot;
        string? folder = HubCache.Of(model.Hub, settings).Find(model);
        string lack = folder is null
            ? $"{model} is not in {root}"
            : $"{model} is not complete in {folder}: {Missing(ServingFiles.MissingFrom(folder))}";
        return $"{lack}, and the network may not be used (--offline or HF_HUB_OFFLINE). "
            + $"Run 'glm5 pull {model}' where it may, or copy the files there";
    }

    private static string Missing(IReadOnlyList<string> names) =>
        $"{names.Count} file(s) missing ({Printable.Some(names)})";
}
