namespace Glm5.Host.Hub;

/// <summary>A file that a hub offers.</summary>
/// <param name="Name">Its name in the repository's root: checked, see <see cref="ServingFiles"/>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Digest">What its bytes must hash to.</param>
internal readonly record struct HubFile(string Name, long Size, FileDigest Digest);

/// <summary>What serving needs of a repository at one revision.</summary>
/// <param name="Model">Which.</param>
/// <param name="Revision">The commit, where the hub tells it; else the branch or tag that was asked for.</param>
/// <param name="Files">At most one of each name.</param>
internal sealed record HubListing(ModelId Model, string Revision, IReadOnlyList<HubFile> Files)
{
    /// <summary>The file of a name; null when the repository has none.</summary>
    public HubFile? Find(string name)
    {
        foreach (HubFile file in Files)
        {
            if (file.Name == name)
                return file;
        }

        return null;
    }
}
