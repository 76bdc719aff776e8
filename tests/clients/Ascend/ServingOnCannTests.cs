using System.Net;
using System.Text.Json;
using Glm5.Host.Cli;
using Glm5.Tests.Clients.Cli;
using Glm5.Tests.Emulator;

namespace Glm5.Tests.Clients.Ascend;

/// <summary>The embedded model answers through CANN: on one die, on two, and on an installation that lacks fusions.</summary>
[TestClass]
public sealed class ServingOnCannTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public async Task The_embedded_model_answers_right(int ranks)
    {
        await using var glm5 = AscendProcess.Start(AscendProcess.Home(), ["--tensor-parallel-size", $"{ranks}"]);
        await AnswersAsync(glm5);
    }

    [TestMethod]
    public async Task An_installation_without_fusions_serves_composed_and_says_which_it_lost()
    {
        string home = CannEmulator.Home(CannEmulator.ProfileWithGaps);
        await using (var probe = Glm5Process.Start(["probe", "--device", "ascend", "--json"], ("ASCEND_HOME_PATH", home)))
        {
            Assert.AreEqual(ExitCode.Done, await probe.EndAsync(), probe.Said);
            using JsonDocument said = JsonDocument.Parse(probe.Said);
            JsonElement device = said.RootElement.GetProperty("backends").EnumerateArray()
                .First(b => b.GetProperty("name").GetString() == "ascend").GetProperty("devices")[0];
            Dictionary<string, string?> refusals = device.GetProperty("fusions").EnumerateArray()
                .DistinctBy(f => f.GetProperty("kernel").GetString())
                .ToDictionary(f => f.GetProperty("kernel").GetString()!, f => f.GetProperty("refusal").GetString());
            Assert.AreEqual("CANN 9.1.0 has no aclnnMoeGatingTopK", refusals["aclnnMoeGatingTopK"]);
            Assert.AreEqual("CANN 9.1.0 has no aclnnSparseFlashAttention", refusals["aclnnSparseFlashAttention"]);
            Assert.IsNull(refusals["aclnnLightningIndexer"]);
            Assert.Contains("has no aclnnSparseFlashAttention", device.GetProperty("eager_because").GetString()!);
        }

        await using var glm5 = AscendProcess.Start(home, []);
        await AnswersAsync(glm5);
    }

    private static async Task AnswersAsync(AscendProcess glm5)
    {
        await glm5.ReadyAsync();
        (HttpStatusCode status, JsonElement answer) = await glm5.AskAsync();
        Assert.AreEqual(HttpStatusCode.OK, status, glm5.Said);
        Assert.Contains("76", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
    }
}
