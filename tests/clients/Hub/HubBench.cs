using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>A stand-in hub, an empty cache and a source between them, in a folder of their own.</summary>
internal sealed class HubBench : IAsyncDisposable
{
    public static readonly ModelId Model = ModelId.Parse("org/name");
    public static readonly ModelId AtModelScope = ModelId.Parse("modelscope:org/name");

    private HubBench(StandInHub hub) => Hub = hub;

    public StandInHub Hub { get; }

    public string Root { get; } = Directory.CreateTempSubdirectory("glm5-hub-").FullName;

    public RecordedLog Log { get; } = new();

    public string HomeFolder => Path.Combine(Root, "models--org--name");

    public string BlobFolder => Path.Combine(HomeFolder, "blobs");

    public static async Task<HubBench> StartAsync(PublishedModel? model = null) =>
        new(await StandInHub.StartAsync(model));

    public HubSettings Settings(
        bool offline = false, HubToken? token = null, TimeSpan? stallTime = null, long pieceBytes = 50_000,
        Func<string, long>? freeBytes = null, Func<string, string, bool>? link = null) => new()
        {
            HuggingFace = new HubPlace(Hub.Address, Root, token),
            ModelScope = new HubPlace(Hub.Address, Root, token),
            Offline = offline,
            PieceBytes = pieceBytes,
            // On the impatient clock: a minute.
            StallTime = stallTime ?? TimeSpan.FromSeconds(60_000),
            FreeBytes = freeBytes ?? (_ => long.MaxValue),
            Link = link ?? SymbolicLinks.TryCreate,
        };

    public ModelSource Source(HubSettings? settings = null) => new(settings ?? Settings(), Log, new ImpatientClock());

    public Task<ResolvedModel> PullAsync(
        HubSettings? settings = null, ModelId? model = null, IProgress<DownloadStatus>? observer = null) =>
        Source(settings).PullAsync(model ?? Model, observer, CancellationToken.None);

    /// <summary>Pulls, and expects that it is refused.</summary>
    public async Task<HubException> RefusalAsync(HubSettings? settings = null, ModelId? model = null) =>
        await Assert.ThrowsExactlyAsync<HubException>(() => PullAsync(settings, model));

    /// <summary>The folder has exactly what serving needs, byte for byte.</summary>
    public void RequireServable(string folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(Path.GetFileName).Where(name => name![0] != '.')!];
        CollectionAssert.AreEquivalent(PublishedModel.Wanted, names);
        foreach (string name in names)
            CollectionAssert.AreEqual(Hub.Model.Files[name], File.ReadAllBytes(Path.Combine(folder, name)), name);
    }

    /// <summary>Every blob is one that its name describes, and nothing half-done lies beside them.</summary>
    public void RequireCleanBlobs()
    {
        string[] digests = [.. Hub.Model.Files.Keys.Select(Hub.Model.DigestOf)];
        foreach (string path in Directory.EnumerateFiles(BlobFolder))
        {
            int at = Array.IndexOf(digests, Path.GetFileName(path));
            Assert.IsGreaterThanOrEqualTo(0, at, path);
            Assert.IsTrue(Hub.Model.Files.Values.ElementAt(at).AsSpan().SequenceEqual(File.ReadAllBytes(path)), path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
