namespace Glm5.Host.Hub;

/// <summary>
/// A hub's models on this disk, in the layout of the hub's own tools: what they fetched is used, and they use what is
/// fetched here. Files arrive under their digest and appear in the model's folder when all are there.
/// </summary>
internal abstract class HubCache
{
    /// <summary>The cache of a hub.</summary>
    public static HubCache Of(HubKind kind, HubSettings settings) => kind == HubKind.ModelScope
        ? new ModelScopeCache(settings.ModelScope.CacheRoot)
        : new HuggingFaceCache(settings.HuggingFace.CacheRoot, settings.Link);

    /// <summary>
    /// The folder that a model would be served from, as far as this disk knows; null when it knows nothing.
    /// </summary>
    public abstract string? Find(ModelId model);

    /// <summary>Where complete files lie under their digests.</summary>
    public abstract string BlobFolder(ModelId model);

    /// <summary>Where the locks lie, one for each digest.</summary>
    public abstract string LockFolder(ModelId model);

    /// <summary>The folder of a listed model, existing or not.</summary>
    public abstract string Folder(HubListing listing);

    /// <summary>Makes all files appear in the model's folder. They are here; returns the folder.</summary>
    public abstract string Publish(HubListing listing, IReadOnlyList<HubFile> files);

    /// <summary>Whether the file in the model's folder has the listed contents, its length being right.</summary>
    protected abstract Task<bool> IsListedAsync(string path, HubFile file, CancellationToken stop);

    /// <summary>A file's place under its digest.</summary>
    public string BlobOf(HubListing listing, HubFile file) => Path.Combine(BlobFolder(listing.Model), file.Digest.Hex);

    /// <summary>
    /// Where a file arrives. Not the name that other tools use: theirs are always a beginning, ours has gaps.
    /// </summary>
    public string PartialOf(HubListing listing, HubFile file) => BlobOf(listing, file) + ".glm5.incomplete";

    /// <summary>A file's lock.</summary>
    public string LockOf(HubListing listing, HubFile file) =>
        Path.Combine(LockFolder(listing.Model), file.Digest.Hex + ".lock");

    /// <summary>Whether a file of the right length is here; cheap, for plans.</summary>
    public bool LooksPresent(HubListing listing, HubFile file) =>
        HasLength(BlobOf(listing, file), file.Size) || HasLength(Path.Combine(Folder(listing), file.Name), file.Size);

    /// <summary>Whether a file is here.</summary>
    public async Task<bool> IsPresentAsync(HubListing listing, HubFile file, CancellationToken stop)
    {
        if (HasLength(BlobOf(listing, file), file.Size))
            return true;
        string published = Path.Combine(Folder(listing), file.Name);
        return HasLength(published, file.Size) && await IsListedAsync(published, file, stop);
    }

    /// <summary>Where a file can be read before it is published.</summary>
    public string ReadablePathOf(HubListing listing, HubFile file)
    {
        string blob = BlobOf(listing, file);
        return File.Exists(blob) ? blob : Path.Combine(Folder(listing), file.Name);
    }

    /// <summary>Whether there is a file, by way of a link or not, of this length.</summary>
    protected static bool HasLength(string path, long size) => SymbolicLinks.LengthOf(path) == size;

    /// <summary>
    /// Moves files from under their digests into a folder; where two files have the same contents, the first is a copy.
    /// What is in the folder already and has no blob waiting stays.
    /// </summary>
    protected void MoveInto(string folder, HubListing listing, IReadOnlyList<HubFile> files)
    {
        for (int i = 0; i < files.Count; i++)
        {
            string blob = BlobOf(listing, files[i]), at = Path.Combine(folder, files[i].Name);
            if (!File.Exists(blob))
                continue;
            if (files.Skip(i + 1).Any(later => later.Digest == files[i].Digest))
                File.Copy(blob, at, overwrite: true);
            else
                File.Move(blob, at, overwrite: true);
        }
    }

    /// <summary>Writes a small file as a whole or not at all.</summary>
    protected static void WriteWhole(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string draft = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        File.WriteAllText(draft, text);
        File.Move(draft, path, overwrite: true);
    }
}
