using System.Collections.Concurrent;
using CsCheck;
using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>What arrives is what was published, whatever the network does.</summary>
[TestClass]
public sealed class FetchingTests
{
    [TestMethod]
    public async Task A_model_arrives_in_the_layout_of_the_hubs_own_tools()
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel model = await bench.PullAsync();

        Assert.AreEqual(Path.Combine(bench.HomeFolder, "snapshots", bench.Hub.Model.Commit), model.Folder);
        Assert.AreEqual(bench.Hub.Model.Commit, model.Revision);
        Assert.AreEqual(bench.Hub.Model.Commit, File.ReadAllText(Path.Combine(bench.HomeFolder, "refs", "main")));
        bench.RequireServable(model.Folder);
        bench.RequireCleanBlobs();
        string shard = Path.Combine(model.Folder, PublishedModel.Shard1);
        Assert.AreEqual(
            Path.Combine("..", "..", "blobs", bench.Hub.Model.DigestOf(PublishedModel.Shard1)),
            new FileInfo(shard).LinkTarget);
    }

    [TestMethod]
    public async Task Nothing_is_fetched_that_serving_does_not_read()
    {
        await using HubBench bench = await HubBench.StartAsync();
        await bench.PullAsync();
        IEnumerable<string> fetched = bench.Hub.Seen.Select(seen => seen.Path)
            .Where(path => path.StartsWith("/cdn/", StringComparison.Ordinal)).Select(path => path[5..]).Distinct();
        CollectionAssert.AreEquivalent(PublishedModel.Wanted, fetched.ToArray());
    }

    [TestMethod]
    public async Task A_model_without_symbolic_links_has_its_files_in_the_snapshot_and_is_not_fetched_twice()
    {
        await using HubBench bench = await HubBench.StartAsync();
        HubSettings noLinks = bench.Settings(link: (_, _) => false);
        ResolvedModel model = await bench.PullAsync(noLinks);
        bench.RequireServable(model.Folder);
        Assert.IsNull(new FileInfo(Path.Combine(model.Folder, PublishedModel.Shard1)).LinkTarget);

        long fetched = (await bench.PullAsync(noLinks)).Download.BytesFetched;
        Assert.AreEqual(0, fetched);
    }

    [TestMethod]
    public void Cuts_at_any_byte_are_continued() =>
        Gen.Select(Gen.Int[0, 60_000].Array[1, 5], Gen.Bool, Gen.Bool).Sample(
            (cuts, knowsRanges, hasTags) => ContinueAsync(cuts, knowsRanges, hasTags).GetAwaiter().GetResult(),
            iter: Soak.Times(12), threads: 1);

    [TestMethod]
    public async Task A_later_process_goes_on_where_the_first_was_stopped()
    {
        await using HubBench bench = await HubBench.StartAsync();
        using CancellationTokenSource stop = new();
        bench.Hub.Spoil = (name, from) =>
            name == PublishedModel.Shard1 && from >= 100_000 ? new Spoilt(StallAfter: 40_000) : default;
        StopAt halfway = new(stop, bytes: 200_000);
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => bench.Source().PullAsync(HubBench.Model, halfway, stop.Token));
        Assert.IsFalse(
            Directory.Exists(Path.Combine(bench.HomeFolder, "snapshots")),
            "a part of a model must not look like a model");

        bench.Hub.Spoil = (_, _) => default;
        ResolvedModel model = await bench.PullAsync();
        bench.RequireServable(model.Folder);
        bench.RequireCleanBlobs();
        Assert.IsLessThanOrEqualTo(
            model.Download.BytesTotal - 200_000, model.Download.BytesFetched, "what had arrived was fetched again");
        Assert.AreEqual(model.Download.BytesTotal, model.Download.BytesDone);
    }

    [TestMethod]
    public async Task A_stalled_link_is_left_and_taken_up_again()
    {
        await using HubBench bench = await HubBench.StartAsync();
        int stalls = 0;
        bench.Hub.Spoil = (name, _) => name == PublishedModel.Shard2 && Interlocked.Increment(ref stalls) == 1
            ? new Spoilt(StallAfter: 100)
            : default;
        ResolvedModel model = await bench.PullAsync(bench.Settings(stallTime: TimeSpan.FromSeconds(700)));
        bench.RequireServable(model.Folder);
        Assert.Contains("the link stalled", string.Join('\n', bench.Log.Lines));
    }

    [TestMethod]
    public async Task A_link_that_always_stalls_is_given_up_with_what_arrived_kept()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Spoil = (name, from) =>
            name == PublishedModel.Shard2 && from >= 150_000 ? new Spoilt(StallAfter: 0) : default;
        HubException refusal = await bench.RefusalAsync(bench.Settings(stallTime: TimeSpan.FromSeconds(150)));
        Assert.AreEqual(HubFault.Unreachable, refusal.Fault);
        Assert.Contains("6 times in a row", refusal.Message);
        Assert.Contains("what has arrived is kept", refusal.Message);
        Assert.IsNotEmpty(Directory.GetFiles(bench.BlobFolder, "*.incomplete"));
    }

    [TestMethod]
    public async Task Wrong_bytes_are_fetched_again_and_never_kept()
    {
        await using HubBench bench = await HubBench.StartAsync();
        int answers = 0;
        bench.Hub.Spoil = (name, from) =>
            name == PublishedModel.Shard1 && from == 0 && Interlocked.Increment(ref answers) == 1
                ? new Spoilt(Corrupt: true)
                : default;
        bench.RequireServable((await bench.PullAsync()).Folder);
        bench.RequireCleanBlobs();
        Assert.Contains("fetching it again", string.Join('\n', bench.Log.Lines));
    }

    [TestMethod]
    [DataRow(PublishedModel.Shard1, "sha256")]
    [DataRow("tokenizer.json", "git-sha1")]
    public async Task Bytes_that_stay_wrong_are_refused_with_both_digests(string file, string kind)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Spoil = (name, from) => name == file && from == 0 ? new Spoilt(Corrupt: true) : default;
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.Untrustworthy, refusal.Fault);
        Assert.Contains($"promises {kind} {bench.Hub.Model.DigestOf(file)}", refusal.Message);
        Assert.IsFalse(File.Exists(Path.Combine(bench.BlobFolder, bench.Hub.Model.DigestOf(file))));
        Assert.IsEmpty(Directory.GetFiles(bench.BlobFolder, bench.Hub.Model.DigestOf(file) + "*"));
    }

    [TestMethod]
    public async Task A_file_whose_tag_changes_under_way_begins_again()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bool replaced = false;
        bench.Hub.TagOf = _ => replaced ? "\"new\"" : "\"old\"";
        bench.Hub.Instead = http =>
        {
            replaced |= http.Request.Headers.IfRange == "\"old\"";
            return Task.FromResult(false);
        };
        bench.RequireServable((await bench.PullAsync()).Folder);
        bench.RequireCleanBlobs();
        Assert.Contains("replaced by another", string.Join('\n', bench.Log.Lines));
        Assert.IsTrue(replaced, "the pieces after the first must ask for the file that the first was of");
    }

    [TestMethod]
    public async Task Tags_that_never_agree_leave_the_decision_to_the_digest()
    {
        await using HubBench bench = await HubBench.StartAsync();
        int answers = 0;
        bench.Hub.TagOf = _ => $"\"{Interlocked.Increment(ref answers)}\"";
        bench.RequireServable((await bench.PullAsync()).Folder);
    }

    [TestMethod]
    public async Task Contents_that_are_not_the_listed_ones_any_more_are_refused()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.BytesOf = name => name == PublishedModel.Shard1 ? new byte[1000] : bench.Hub.Model.Files[name];
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.Untrustworthy, refusal.Fault);
        Assert.Contains(PublishedModel.Shard1, refusal.Message);
        Assert.IsEmpty(Directory.GetFiles(bench.BlobFolder, bench.Hub.Model.DigestOf(PublishedModel.Shard1) + "*"));
        // What had begun to arrive of the other files stays, and the next download goes on from there.
        bench.Hub.BytesOf = null;
        bench.RequireServable((await bench.PullAsync()).Folder);
        bench.RequireCleanBlobs();
    }

    [TestMethod]
    public async Task Two_downloads_at_once_share_the_work_and_spoil_nothing()
    {
        await using HubBench bench = await HubBench.StartAsync(new PublishedModel(shardBytes: 2_000_000));
        HubSettings settings = bench.Settings(pieceBytes: 200_000);
        ResolvedModel[] models = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => Task.Run(() => bench.PullAsync(settings))));
        Assert.AreEqual(models[0].Folder, models[1].Folder);
        bench.RequireServable(models[0].Folder);
        bench.RequireCleanBlobs();
        long all = PublishedModel.Wanted.Sum(name => (long)bench.Hub.Model.Files[name].Length);
        Assert.AreEqual(all, models[0].Download.BytesFetched + models[1].Download.BytesFetched);
    }

    [TestMethod]
    public async Task Progress_ends_with_every_file_and_every_byte()
    {
        await using HubBench bench = await HubBench.StartAsync();
        Watched watched = new();
        await bench.PullAsync(observer: watched);
        DownloadStatus[] seen = [.. watched.Seen];
        Assert.AreEqual(DownloadPhase.Listing, seen[0].Phase);
        Assert.AreEqual(DownloadPhase.Done, seen[^1].Phase);
        Assert.AreEqual(PublishedModel.Wanted.Length, seen[^1].FilesDone);
        Assert.AreEqual(seen[^1].BytesTotal, seen[^1].BytesDone);
        Assert.AreEqual(
            PublishedModel.Wanted.Sum(name => (long)bench.Hub.Model.Files[name].Length), seen[^1].BytesFetched);
        Assert.IsTrue(seen.Zip(seen.Skip(1)).All(pair => pair.First.FilesDone <= pair.Second.FilesDone));
    }

    [TestMethod]
    public async Task A_model_of_ModelScope_arrives_in_its_layout_and_follows_its_branch()
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel first = await bench.PullAsync(model: HubBench.AtModelScope);
        Assert.AreEqual(Path.Combine(bench.Root, "models", "org", "name"), first.Folder);
        bench.RequireServable(first.Folder);

        byte[] changed = [.. bench.Hub.Model.Files[PublishedModel.Shard2]];
        changed[7] ^= 1;
        bench.Hub.Model.Files[PublishedModel.Shard2] = changed;
        ResolvedModel second = await bench.PullAsync(model: HubBench.AtModelScope);
        bench.RequireServable(second.Folder);
        Assert.AreEqual(changed.Length, second.Download.BytesFetched);
    }

    private static async Task ContinueAsync(int[] cuts, bool knowsRanges, bool hasTags)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.KnowsRanges = knowsRanges;
        if (!hasTags)
            bench.Hub.TagOf = _ => "";
        int answers = -1;
        // Without ranges every cut begins the file again, which is done a few times only.
        int most = knowsRanges ? cuts.Length : 2;
        bench.Hub.Spoil = (name, _) => name == PublishedModel.Shard1
            && Interlocked.Increment(ref answers) is int at && at < Math.Min(most, cuts.Length)
                ? new Spoilt(CutAfter: cuts[at])
                : default;
        bench.RequireServable((await bench.PullAsync()).Folder);
        bench.RequireCleanBlobs();
    }

    private sealed class Watched : IProgress<DownloadStatus>
    {
        public ConcurrentQueue<DownloadStatus> Seen { get; } = new();

        public void Report(DownloadStatus value) => Seen.Enqueue(value);
    }

    private sealed class StopAt(CancellationTokenSource stop, long bytes) : IProgress<DownloadStatus>
    {
        public void Report(DownloadStatus value)
        {
            if (value.BytesDone >= bytes)
                stop.CancelAfter(TimeSpan.FromMilliseconds(20));
        }
    }
}
