using Glm5.Host.Hub;
using Glm5.Host.Serving;

namespace Glm5.Tests.Clients.Hub;

/// <summary>What was fetched can be served: the loader reads through the cache's links.</summary>
[TestClass]
public sealed class ServingPulledTests
{
    [TestMethod]
    public async Task A_fetched_model_serves()
    {
        PublishedModel nano = new();
        nano.Files.Clear();
        foreach (string path in Directory.EnumerateFiles(EmbeddedModel.Folder))
            nano.Files[Path.GetFileName(path)] = File.ReadAllBytes(path);
        await using HubBench bench = await HubBench.StartAsync(nano);
        ResolvedModel pulled = await bench.Source(bench.Settings(pieceBytes: 4 << 20)).ResolveAsync("org/name");

        await using RunningServer server = await RunningServer.StartAsync(
            options => options with { Model = options.Model with { Folder = pulled.Folder } });
        string models = await server.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative));
        Assert.Contains(EmbeddedModel.Name, models);
    }
}
