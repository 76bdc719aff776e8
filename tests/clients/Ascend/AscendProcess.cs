using System.Net;
using System.Text.Json;
using Glm5.Tests.Clients.Cli;
using Glm5.Tests.Emulator;

namespace Glm5.Tests.Clients.Ascend;

/// <summary><c>glm5 serve --device ascend</c> in a process of its own, on an emulated CANN, with the embedded model.</summary>
internal sealed class AscendProcess : IAsyncDisposable
{
    private const string Named = "GLM5_TEST_CANN";

    private readonly Glm5Process _process;
    private HttpClient? _http;

    private AscendProcess(Glm5Process process) => _process = process;

    /// <summary>What it has said.</summary>
    public string Said => _process.Said;

    /// <summary>A profile's folder: the one that GLM5_TEST_CANN names, or the default's; without tools the test ends inconclusive.</summary>
    public static string Home(string profile = "a2-arm-8.5") =>
        Environment.GetEnvironmentVariable(Named) is { } named ? named : CannEmulator.Home(profile);

    /// <summary>Ends a test that only the longer tiers have time for.</summary>
    public static void NeedsTime()
    {
        if (Environment.GetEnvironmentVariable(Named) is null && Environment.GetEnvironmentVariable("GLM5_SOAK") is null)
            Assert.Inconclusive("not run: a process more; ./build.sh emulator and .ci/run start it");
    }

    /// <summary>Starts it with further words and variables.</summary>
    public static AscendProcess Start(string home, string[] words, params (string Name, string Value)[] variables) => new(
        Glm5Process.Start(["serve", "--device", "ascend", "--port", "0", .. words], [("ASCEND_HOME_PATH", home), .. variables]));

    /// <summary>Waits until it serves.</summary>
    public async Task ReadyAsync()
    {
        _http = new HttpClient { BaseAddress = await _process.AddressAsync(), Timeout = TimeSpan.FromSeconds(60) };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await IsReadyAsync(_http))
            await Task.Delay(50, patience.Token);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        using HttpResponseMessage health = await http.GetAsync(new Uri("/health", UriKind.Relative));
        return health.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>Asks the model something small, greedily; status and answer.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(int tokens = 24)
    {
        using var body = new StringContent(
            $$"""{"messages":[{"role":"user","content":"What is 50 + 26?"}],"temperature":0,"max_tokens":{{tokens}},"reasoning_effort":"none"}""",
            System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _http!.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body);
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, json.RootElement.Clone());
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public Task<int> EndAsync() => _process.EndAsync();

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        await _process.DisposeAsync();
    }
}
