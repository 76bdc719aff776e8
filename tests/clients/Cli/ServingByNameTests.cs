using System.Net;
using System.Text.Json;
using Glm5.Host.Cli;
using Glm5.Host.Serving;
using Glm5.Tests.Clients.Hub;

namespace Glm5.Tests.Clients.Cli;

/// <summary>A model by name: fetched while the port answers already, then served; or a sentence.</summary>
[TestClass]
public sealed class ServingByNameTests
{
    [TestMethod]
    public async Task A_named_model_is_fetched_behind_the_open_port_and_served_under_both_names()
    {
        await using HubBench bench = await NanoAsync();
        var hold = new TaskCompletionSource();
        bench.Hub.Instead = async http =>
        {
            if (http.Request.Path.Value!.StartsWith("/cdn/model", StringComparison.Ordinal))
                await hold.Task;
            return false;
        };
        await using Glm5Process glm5 = Start(bench, "org/name", "--port", "0");
        using var client = new HttpClient { BaseAddress = await glm5.AddressAsync() };
        JsonElement health = await HealthAsync(client, answer => answer.TryGetProperty("bytes_total", out _));
        Assert.AreEqual("loading", health.GetProperty("status").GetString());
        Assert.AreEqual("downloading", health.GetProperty("phase").GetString());
        Assert.AreEqual("org/name", health.GetProperty("model").GetString());
        using (HttpResponseMessage early = await client.GetAsync(new Uri("/health", UriKind.Relative)))
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, early.StatusCode);

        hold.SetResult();
        await HealthAsync(client, answer => answer.GetProperty("status").GetString() == "ready");
        string models = await client.GetStringAsync(new Uri("/v1/models", UriKind.Relative));
        Assert.Contains("\"org/name\"", models);
        Assert.Contains("\"name\"", models);
        Assert.Contains("loading: phase=downloading", glm5.Said);

        int seen = bench.Hub.Seen.Length;
        await using Glm5Process again = Start(bench, "org/name", "--port", "0", "--offline");
        using var second = new HttpClient { BaseAddress = await again.AddressAsync() };
        await HealthAsync(second, answer => answer.GetProperty("status").GetString() == "ready");
        Assert.HasCount(seen, bench.Hub.Seen);
    }

    [TestMethod]
    public async Task What_the_hub_does_not_have_ends_with_the_sentence_of_pull()
    {
        await using HubBench bench = await NanoAsync();
        await using Glm5Process absent = Start(bench, "org/other", "--port", "0");
        Assert.AreEqual(ExitCode.Model, await absent.EndAsync(), absent.Said);
        Assert.Contains("has no model org/other; check its spelling and revision", absent.Said);

        await using Glm5Process offline = Start(bench, "org/name", "--port", "0", "--offline");
        Assert.AreEqual(ExitCode.Model, await offline.EndAsync(), offline.Said);
        Assert.Contains("the network may not be used (--offline or HF_HUB_OFFLINE)", offline.Said);
    }

    [TestMethod]
    public async Task Chat_fetches_a_named_model_and_answers_with_it()
    {
        await using HubBench bench = await NanoAsync();
        (string, string)[] variables = [("HF_ENDPOINT", bench.Hub.Address.ToString()), ("HF_HUB_CACHE", bench.Root)];
        await using Glm5Process chat = Glm5Process.StartAsking(
            "What is 50 + 26?", ["chat", "org/name", "--temperature", "0", "--no-thinking"], variables);
        Assert.AreEqual(ExitCode.Done, await chat.EndAsync(), chat.Said);
        Assert.Contains("76", chat.Said);
    }

    [TestMethod]
    [DataRow("--revision main", "--revision is for a model by name; 'glm5-nano' is a folder")]
    [DataRow("org/name/more", "there is no folder 'org/name/more'; expected a checkpoint's folder, or organisation/name")]
    [DataRow("org/name --hub elsewhere", "--hub is 'elsewhere'; expected huggingface or modelscope")]
    [DataRow("org/name@a --revision b", "it names another revision than --revision does")]
    [DataRow("modelscope:org/name --hub huggingface", "its prefix names another hub than --hub does")]
    public void A_name_that_contradicts_its_flags_is_refused_before_anything_is_asked(string words, string sentence) =>
        Assert.Contains(sentence, ParsedLine.ErrorsOf(words));

    [TestMethod]
    [DataRow("org/name", "serve org/name")]
    [DataRow("modelscope:org/name", "serve modelscope:org/name")]
    public void A_name_alone_means_serve(string word, string meaning) =>
        Assert.AreEqual(meaning, string.Join(' ', CommandLine.PlaceServe([word])));

    private static Glm5Process Start(HubBench bench, params string[] words) => Glm5Process.Start(
        ["serve", .. words, "--cache-dir", bench.Root], ("HF_ENDPOINT", bench.Hub.Address.ToString()));

    private static async Task<HubBench> NanoAsync()
    {
        PublishedModel nano = new();
        nano.Files.Clear();
        foreach (string path in Directory.EnumerateFiles(EmbeddedModel.Folder))
            nano.Files[Path.GetFileName(path)] = File.ReadAllBytes(path);
        return await HubBench.StartAsync(nano);
    }

    private static async Task<JsonElement> HealthAsync(HttpClient client, Func<JsonElement, bool> until)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/health", UriKind.Relative), patience.Token);
            JsonElement health = JsonElement.Parse(await answer.Content.ReadAsStringAsync(patience.Token));
            if (until(health))
                return health;
            await Task.Delay(20, patience.Token);
        }
    }
}
