namespace Glm5.Host.Hub;

/// <summary>
/// <c>models--org--name/</c> with <c>blobs/DIGEST</c>, <c>refs/BRANCH</c> (holds a commit) and
/// <c>snapshots/COMMIT/FILE</c>, a link to the blob. Where links cannot be made, the snapshot has the file itself.
/// </summary>
internal sealed class HuggingFaceCache(string root, Func<string, string, bool> link) : HubCache
{
    public override string? Find(ModelId model)
    {
        string home = Home(model);
        string revision = model.Revision ?? "main";
        if (!IsCommit(revision))
        {
            string branch = Path.Combine(home, "refs", revision);
            if (!File.Exists(branch))
                return null;
            revision = File.ReadAllText(branch).Trim();
        }

        string snapshot = Path.Combine(home, "snapshots", revision);
        return IsCommit(revision) && Directory.Exists(snapshot) ? snapshot : null;
    }

    public override string BlobFolder(ModelId model) => Path.Combine(Home(model), "blobs");

    public override string LockFolder(ModelId model) => Path.Combine(root, ".locks", HomeName(model));

    public override string Folder(HubListing listing) =>
        Path.Combine(Home(listing.Model), "snapshots", listing.Revision);

    public override string Publish(HubListing listing, IReadOnlyList<HubFile> files)
    {
        string folder = Folder(listing);
        Directory.CreateDirectory(folder);
        List<HubFile> unlinked = [];
        foreach (HubFile file in files)
        {
            if (!TryLink(Path.Combine(folder, file.Name), listing, file))
                unlinked.Add(file);
        }

        MoveInto(folder, listing, unlinked);
        string branch = listing.Model.Revision ?? "main";
        if (!IsCommit(branch))
            WriteWhole(Path.Combine(Home(listing.Model), "refs", branch), listing.Revision);
        return folder;
    }

    // A commit's files never change, and blobs bear their digest: the length says enough.
    protected override Task<bool> IsListedAsync(string path, HubFile file, CancellationToken stop) =>
        Task.FromResult(true);

    private static bool IsCommit(string revision) => FileDigest.From(DigestKind.GitSha1, revision) is not null;

    private static string HomeName(ModelId model) => $"models--{model.Organisation}--{model.Name}";

    private string Home(ModelId model) => Path.Combine(root, HomeName(model));

    private bool TryLink(string at, HubListing listing, HubFile file)
    {
        if (HasLength(at, file.Size))
            return true;
        // Left by something that was interrupted.
        File.Delete(at);
        try
        {
            return link(at, Path.Combine("..", "..", "blobs", file.Digest.Hex));
        }
        catch (IOException) when (HasLength(at, file.Size))
        {
            // Another process was faster.
            return true;
        }
    }
}
