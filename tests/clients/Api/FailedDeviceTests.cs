using System.Net;
using System.Text.Json;
using Glm5.Host.Cli;

namespace Glm5.Tests.Clients.Api;

/// <summary>A device that fails while the server serves.</summary>
[TestClass]
public sealed class FailedDeviceTests
{
    private const string Question = """{"prompt": "x", "max_tokens": 2, "ignore_eos": true}""";

    [TestMethod]
    public async Task It_ends_readiness_and_the_program_with_its_sentence()
    {
        var backend = new FailingBackend();
        await using RunningServer server = await RunningServer.StartAsync(backend: backend);
        Task<int> serving = ServeCommand.ServeAsync(server.Server, TimeSpan.Zero, new TaskCompletionSource().Task);
        await server.AnswerAsync("/v1/completions", Question);
        Assert.IsFalse(serving.IsCompleted);

        backend.Break();
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync("/v1/completions", Question);
        Assert.AreEqual(HttpStatusCode.InternalServerError, status, answer.ToString());
        Assert.Contains(FailingBackend.Sentence, answer.At("error", "message").GetString()!);
        Assert.AreEqual(ExitCode.Device, await serving.WaitAsync(TimeSpan.FromSeconds(20)));

        using HttpResponseMessage health = await server.Http.GetAsync("/health");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        JsonElement told = JsonElement.Parse(await health.Content.ReadAsStringAsync());
        Assert.AreEqual("failed", told.At("status").GetString());
        Assert.Contains(FailingBackend.Sentence, told.At("failure").GetString()!);
        Assert.IsFalse(server.Model.TryGetReady(out _));
        (status, answer) = await server.PostAsync("/v1/completions", Question);
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains(FailingBackend.Sentence, answer.At("error", "message").GetString()!);
    }
}
