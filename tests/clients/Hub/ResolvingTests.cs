using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>What a person types becomes a folder: one that is there, a cached one, or a fetched one.</summary>
[TestClass]
public sealed class ResolvingTests
{
    [TestMethod]
    public async Task A_folder_is_itself()
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel model = await bench.Source().ResolveAsync(bench.Root);
        Assert.AreEqual((bench.Root, ModelOrigin.Folder), (model.Folder, model.Origin));
        Assert.IsEmpty(bench.Hub.Seen);
    }

    [TestMethod]
    [DataRow("org/name")]
    [DataRow("modelscope:org/name")]
    public async Task A_complete_model_in_the_cache_makes_no_request(string word)
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel fetched = await bench.Source().ResolveAsync(word);
        int seen = bench.Hub.Seen.Length;
        foreach (bool offline in (bool[])[false, true])
        {
            ResolvedModel cached = await bench.Source(bench.Settings(offline)).ResolveAsync(word);
            Assert.AreEqual((fetched.Folder, ModelOrigin.Cache), (cached.Folder, cached.Origin));
        }

        Assert.HasCount(seen, bench.Hub.Seen);
    }

    [TestMethod]
    public async Task A_cached_commit_is_found_by_its_number_and_another_is_asked_for()
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel fetched = await bench.PullAsync();
        int seen = bench.Hub.Seen.Length;
        Assert.AreEqual(
            fetched.Folder, (await bench.Source().ResolveAsync($"org/name@{bench.Hub.Model.Commit}")).Folder);
        Assert.HasCount(seen, bench.Hub.Seen);
        Assert.AreEqual(
            ModelOrigin.Hub, (await bench.Source().ResolveAsync("org/name", revision: "release/v1")).Origin);
        Assert.AreEqual(
            bench.Hub.Model.Commit, File.ReadAllText(Path.Combine(bench.HomeFolder, "refs", "release", "v1")));
    }

    [TestMethod]
    public async Task A_snapshot_that_lacks_a_shard_is_completed_with_that_shard_alone()
    {
        await using HubBench bench = await HubBench.StartAsync();
        ResolvedModel first = await bench.PullAsync();
        File.Delete(Path.Combine(bench.BlobFolder, bench.Hub.Model.DigestOf(PublishedModel.Shard2)));
        ResolvedModel second = await bench.Source().ResolveAsync("org/name");
        Assert.AreEqual((first.Folder, ModelOrigin.Hub), (second.Folder, second.Origin));
        Assert.AreEqual(bench.Hub.Model.Files[PublishedModel.Shard2].Length, second.Download.BytesFetched);
        bench.RequireServable(second.Folder);
    }

    [TestMethod]
    public async Task Offline_says_what_is_missing_and_makes_no_request()
    {
        await using HubBench bench = await HubBench.StartAsync();
        HubException absent = await bench.RefusalAsync(bench.Settings(offline: true));
        Assert.AreEqual(HubFault.Offline, absent.Fault);
        Assert.Contains($"org/name is not in {bench.Root}", absent.Message);
        Assert.Contains("glm5 pull org/name", absent.Message);
        Assert.IsEmpty(bench.Hub.Seen);

        await bench.PullAsync();
        int seen = bench.Hub.Seen.Length;
        File.Delete(Path.Combine(bench.BlobFolder, bench.Hub.Model.DigestOf(PublishedModel.Shard2)));
        HubException incomplete = await bench.RefusalAsync(bench.Settings(offline: true));
        Assert.Contains($"1 file(s) missing ({PublishedModel.Shard2})", incomplete.Message);
        Assert.HasCount(seen, bench.Hub.Seen);
    }

    [TestMethod]
    [DataRow("./GLM-5", "there is no folder")]
    [DataRow("/models/GLM-5", "there is no folder")]
    [DataRow("a/b/c", "there is no folder")]
    [DataRow("GLM-5", "is not a model's id")]
    [DataRow("org/a..b", "is not a model's id")]
    [DataRow("org/a--b", "is not a model's id")]
    [DataRow("org/name@", "its revision is not")]
    [DataRow("org/name@../../x", "its revision is not")]
    [DataRow("org/name\n", "is not a model's id")]
    public async Task A_word_that_is_neither_folder_nor_id_is_refused(string word, string words)
    {
        await using HubBench bench = await HubBench.StartAsync();
        HubException refusal = await Assert.ThrowsExactlyAsync<HubException>(() => bench.Source().ResolveAsync(word));
        Assert.AreEqual(HubFault.Name, refusal.Fault);
        Assert.Contains(words, refusal.Message);
        Assert.IsFalse(ModelSource.IsId(word));
        Assert.IsEmpty(bench.Hub.Seen);
    }

    [TestMethod]
    public void Ids_say_hub_and_revision_in_one_place_only()
    {
        Assert.AreEqual(
            new ModelId(HubKind.HuggingFace, "zai-org", "GLM-5-FP8", null), ModelId.Parse("zai-org/GLM-5-FP8"));
        Assert.AreEqual(
            new ModelId(HubKind.ModelScope, "ZhipuAI", "GLM-5", "v1"), ModelId.Parse("ModelScope:ZhipuAI/GLM-5@v1"));
        Assert.AreEqual(
            new ModelId(HubKind.ModelScope, "a", "b", "refs/pr/1"),
            ModelId.Parse("a/b", HubKind.ModelScope, "refs/pr/1"));
        Assert.AreEqual("modelscope:a/b@v1", ModelId.Parse("modelscope:a/b", null, "v1").ToString());
        Assert.ThrowsExactly<HubException>(() => ModelId.Parse("modelscope:a/b", HubKind.HuggingFace));
        Assert.ThrowsExactly<HubException>(() => ModelId.Parse("a/b@v1", null, "v2"));
    }
}
