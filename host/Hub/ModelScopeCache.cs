namespace Glm5.Host.Hub;

/// <summary>
/// <c>models/org/name/FILE</c>, dots in the name written as <c>___</c>: one revision at a time, named in <c>.mv</c>.
/// Folders that older tools made, without <c>models/</c>, are found too.
/// </summary>
internal sealed class ModelScopeCache(string root) : HubCache
{
    private const string RevisionFile = ".mv";

    public override string? Find(ModelId model)
    {
        string older = Path.Combine(root, model.Organisation);
        string[] folders = [Home(model), Path.Combine(older, FolderName(model)), Path.Combine(older, model.Name)];
        foreach (string folder in folders)
        {
            if (Directory.Exists(folder) && (model.Revision is null || RevisionIn(folder) == model.Revision))
                return folder;
        }

        return null;
    }

    public override string BlobFolder(ModelId model) =>
        Path.Combine(root, "models", "._____temp", model.Organisation, FolderName(model), "blobs");

    public override string LockFolder(ModelId model) => Path.Combine(BlobFolder(model), "locks");

    public override string Folder(HubListing listing) => Home(listing.Model);

    public override string Publish(HubListing listing, IReadOnlyList<HubFile> files)
    {
        string folder = Folder(listing);
        Directory.CreateDirectory(folder);
        MoveInto(folder, listing, files);
        // A revision that has shards must not be served from the single file of an older one, nor the other way round.
        foreach (string weights in (ReadOnlySpan<string>)[ServingFiles.SingleWeights, ServingFiles.Index])
        {
            if (listing.Find(weights) is null)
                File.Delete(Path.Combine(folder, weights));
        }

        WriteWhole(Path.Combine(folder, RevisionFile), $"Revision:{listing.Revision}");
        return folder;
    }

    // Files keep their names from one revision to the next, and shards their length.
    protected override async Task<bool> IsListedAsync(string path, HubFile file, CancellationToken stop) =>
        await file.Digest.OfAsync(path, stop) == file.Digest;

    private static string FolderName(ModelId model) => model.Name.Replace(".", "___", StringComparison.Ordinal);

    private static string? RevisionIn(string folder)
    {
        string path = Path.Combine(folder, RevisionFile);
        string text = File.Exists(path) ? File.ReadAllText(path) : "";
        // Other tools write "Revision:master,CreatedAt:1700000000".
        return text.StartsWith("Revision:", StringComparison.Ordinal)
            ? text["Revision:".Length..].Split(',')[0].Trim()
            : null;
    }

    private string Home(ModelId model) => Path.Combine(root, "models", model.Organisation, FolderName(model));
}
