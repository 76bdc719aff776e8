using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>A hub that lies gets nothing written, and a sentence about what it said.</summary>
[TestClass]
public sealed class HostileHubTests
{
    private static readonly HubPlace s_place = new(new Uri("https://hub.example/"), "/nowhere", null);

    [TestMethod]
    [DataRow("../config.json")]
    [DataRow("/etc/passwd")]
    [DataRow("a/../../b.safetensors")]
    [DataRow("..\\config.json")]
    [DataRow("C:model.safetensors")]
    [DataRow("a//b.json")]
    [DataRow("")]
    [DataRow("model\u0000.safetensors")]
    [DataRow("model\n.safetensors")]
    [DataRow("model 1.safetensors")]
    [DataRow("modèl.safetensors")]
    [DataRow("..safetensors")]
    [DataRow("a..safetensors")]
    [DataRow("-rf.safetensors")]
    public async Task A_name_that_leads_out_or_is_odd_is_refused_and_nothing_is_fetched(string name)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.ChangeListing = listing => listing["siblings"]!.AsArray().Insert(0, new JsonObject
        {
            ["rfilename"] = name,
            ["size"] = 10,
            ["blobId"] = new string('a', 40),
        });
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.Untrustworthy, refusal.Fault);
        Assert.IsTrue(refusal.Message.All(c => c is >= ' ' and < '\x7f'), "the name must be harmless in a terminal");
        Assert.HasCount(1, bench.Hub.Seen);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(bench.Root));
    }

    [TestMethod]
    [DataRow("sha", "main")]
    [DataRow("sha", "../../../../tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [DataRow("siblings", null)]
    public async Task A_listing_without_commit_or_files_is_refused(string key, string? value)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.ChangeListing = listing => listing[key] = value;
        Assert.AreEqual(HubFault.Untrustworthy, (await bench.RefusalAsync()).Fault);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(bench.Root));
    }

    [TestMethod]
    [DataRow("""{"rfilename": "config.json", "size": -1, "blobId": "0"}""", "has the size -1")]
    [DataRow("""{"rfilename": "config.json", "size": 9223372036854775807, "blobId": "0"}""", "has the size")]
    [DataRow("""{"rfilename": "config.json", "size": 5}""", "has no checksum")]
    [DataRow("""{"rfilename": "config.json", "size": 5, "blobId": "../x"}""", "has no checksum")]
    [DataRow("""{"rfilename": "config.json", "size": 5, "blobId": "0", "lfs": {"sha256": "00"}}""", "has no checksum")]
    [DataRow("""{"size": 5}""", "has no name")]
    [DataRow("null", "has no name")]
    [DataRow("7", "no list of files")]
    public void A_file_without_plausible_size_name_or_checksum_is_refused(string file, string words)
    {
        // Written short above: 40 zeros.
        file = file.Replace("\"0\"", $"\"{new string('0', 40)}\"", StringComparison.Ordinal);
        string listing = $$"""{"sha": "{{new string('a', 40)}}", "siblings": [{{file}}]}""";
        HubException refusal = Assert.ThrowsExactly<HubException>(
            () => Read(new HuggingFaceHub(s_place), HubBench.Model, listing));
        Assert.Contains(words, refusal.Message);
    }

    [TestMethod]
    public void A_file_that_is_listed_twice_is_refused()
    {
        string file = $$"""{"rfilename": "config.json", "size": 5, "blobId": "{{new string('0', 40)}}"}""";
        string listing = $$"""{"sha": "{{new string('a', 40)}}", "siblings": [{{file}}, {{file}}]}""";
        HubException refusal = Assert.ThrowsExactly<HubException>(
            () => Read(new HuggingFaceHub(s_place), HubBench.Model, listing));
        Assert.Contains("listed twice", refusal.Message);
    }

    [TestMethod]
    public void ModelScopes_errors_with_status_200_are_errors()
    {
        HubException refusal = Assert.ThrowsExactly<HubException>(() => Read(
            new ModelScopeHub(s_place), HubBench.AtModelScope, """{"Code": 1001, "Success": false, "Data": null}"""));
        Assert.AreEqual(HubFault.NotFound, refusal.Fault);
        Assert.Contains("code 1001", refusal.Message);
    }

    [TestMethod]
    public void Any_bytes_as_a_listing_are_read_or_refused_with_a_sentence() =>
        Gen.Select(Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3]).Array[1, 6].Sample(edits =>
        {
            string sha256 = new('b', 64), sha1 = new('c', 40);
            byte[] huggingFace = Encoding.UTF8.GetBytes(
                $$$"""
                {"sha": "{{{sha1}}}", "siblings": [
                    {"rfilename": "model-1.safetensors", "size": 12, "lfs": {"sha256": "{{{sha256}}}", "size": 12}},
                    {"rfilename": "config.json", "size": 5, "blobId": "{{{sha1}}}"}]}
                """);
            byte[] modelScope = Encoding.UTF8.GetBytes(
                $$$"""
                {"Code": 200, "Success": true, "Data": {"Files": [
                    {"Path": "model-1.safetensors", "Type": "blob", "Size": 12, "Sha256": "{{{sha256}}}"},
                    {"Path": "a", "Type": "tree"}]}}
                """);
            ReadOrRefuse(new HuggingFaceHub(s_place), HubBench.Model, Edit(huggingFace, edits));
            ReadOrRefuse(new ModelScopeHub(s_place), HubBench.AtModelScope, Edit(modelScope, edits));
        }, iter: Soak.Times(500));

    [TestMethod]
    public void Any_bytes_as_an_index_are_read_or_refused_with_a_sentence() =>
        Gen.Select(Gen.Int[0, 100], Gen.Byte, Gen.Int[0, 3]).Array[0, 6].Sample(edits =>
        {
            byte[] index = Edit(
                """{"metadata": {}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"""u8.ToArray(), edits);
            try
            {
                Assert.IsTrue(ShardNames.Read(index).All(ServingFiles.IsWeights));
            }
            catch (HubException refusal)
            {
                Assert.AreEqual(HubFault.Untrustworthy, refusal.Fault);
            }
        }, iter: Soak.Times(500));

    [TestMethod]
    public async Task An_index_that_names_a_shard_that_is_not_listed_is_refused_by_name()
    {
        PublishedModel model = new();
        model.Files.Remove(PublishedModel.Shard2);
        await using HubBench bench = await HubBench.StartAsync(model);
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.NotFound, refusal.Fault);
        Assert.Contains(PublishedModel.Shard2, refusal.Message);
        Assert.IsFalse(Directory.Exists(Path.Combine(bench.HomeFolder, "snapshots")));
    }

    [TestMethod]
    public async Task A_listing_without_end_is_cut_off()
    {
        await using HubBench bench = await HubBench.StartAsync();
        byte[] block = new byte[1 << 20];
        bench.Hub.Instead = async http =>
        {
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.Body.WriteAsync(block, http.RequestAborted);
            return true;
        };
        Assert.Contains("more than 67.1 MB", (await bench.RefusalAsync()).Message);
    }

    private static HubListing Read(ModelHub hub, ModelId model, string json) =>
        hub.ReadListing(model, Encoding.UTF8.GetBytes(json));

    private static void ReadOrRefuse(ModelHub hub, ModelId model, byte[] json)
    {
        try
        {
            foreach (HubFile file in hub.ReadListing(model, json).Files)
                Assert.AreEqual(file.Name, Path.GetFileName(file.Name));
        }
        catch (HubException refusal)
        {
            Assert.IsTrue(refusal.Fault is HubFault.Untrustworthy or HubFault.NotFound);
        }
    }

    /// <summary>Replaces, inserts, removes or repeats bytes.</summary>
    private static byte[] Edit(byte[] text, (int At, byte Value, int Kind)[] edits)
    {
        List<byte> bytes = [.. text];
        foreach ((int wish, byte value, int kind) in edits)
        {
            int at = wish % bytes.Count;
            if (kind == 0)
                bytes[at] = value;
            else if (kind == 1)
                bytes.Insert(at, value);
            else if (kind == 2 && bytes.Count > 1)
                bytes.RemoveAt(at);
            else
                bytes.InsertRange(at, [.. bytes.Take(at)]);
        }

        return [.. bytes];
    }
}
