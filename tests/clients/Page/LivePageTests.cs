using Glm5.Tests.Clients.Cli;

namespace Glm5.Tests.Clients.Page;

/// <summary>
/// The page's drawing of what the server does, and the settings that go into a request. The server is a process of its own:
/// an exporter reads the instruments of every server in its process.
/// </summary>
[TestClass]
public sealed class LivePageTests
{
    private static Glm5Process? _server;
    private static Uri? _address;
    private static Chromium? _chromium;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _chromium = await Chromium.StartAsync();
        _server = Glm5Process.Start(["serve", "--port", "0", "--threads", "2"]);
        _address = await _server.AddressAsync();
        using var http = new HttpClient { BaseAddress = _address };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(await http.GetAsync(new Uri("/health", UriKind.Relative), patience.Token)).IsSuccessStatusCode)
            await Task.Delay(50, patience.Token);
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
        await _server!.DisposeAsync();
    }

    [TestMethod]
    public async Task What_runs_is_drawn_while_it_runs()
    {
        Tab tab = await _chromium!.OpenAsync(_address!);
        await tab.UntilAsync("document.body.dataset.server === 'ready'");
        await tab.ClickAsync("#open-live");
        using var leave = new CancellationTokenSource();
        using var http = new HttpClient { BaseAddress = _address };
        Task[] busy = [.. Enumerable.Range(0, 3).Select(i => http.PostAsync(
            "/v1/completions", new StringContent($$"""{"prompt": "go on {{i}}", "max_tokens": 4000, "ignore_eos": true}""", null, "application/json"),
            leave.Token))];
        await tab.UntilAsync("document.querySelector('.chart .now')?.textContent === '3'");
        await tab.UntilAsync("document.querySelectorAll('.chart .line').length >= 6");
        await tab.UntilAsync("/Next token: p50 \\d+ ms/.test([...document.querySelectorAll('.plot')].map(p => p.ariaLabel ?? p.getAttribute('aria-label')).join())");
        await leave.CancelAsync();
        await tab.UntilAsync("document.querySelector('.chart .now')?.textContent === '0'");
        await tab.ClickAsync("#live .icon");
        Assert.IsFalse(await tab.EvaluateAsync<bool>("document.getElementById('live').open"));
        Assert.IsEmpty(tab.Complaints, string.Join(" | ", tab.Complaints));
        await Task.WhenAll(busy).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [TestMethod]
    public async Task Settings_of_sampling_go_into_the_request_and_wrong_ones_do_not()
    {
        Tab tab = await ScriptedServer.OpenAsync(_chromium!, _address!);
        await tab.ClickAsync("#open-settings");
        foreach ((string field, string value) in new[] { ("top-p", "0.5"), ("top-k", "7"), ("seed", "3"), ("min-p", "5"), ("repetition", "1.1") })
        {
            await tab.EvaluateAsync<bool>(
                $"(f => {{ f.value = '{value}'; f.dispatchEvent(new Event('input')); return true; }})(document.getElementById('set-{field}'))");
        }

        await tab.ClickAsync("#settings .icon");
        string? kept = await tab.EvaluateAsync<string>("localStorage.getItem('glm5.settings')");
        Assert.Contains("\"topP\":0.5", kept!);
        Assert.Contains("\"minP\":null", kept!);
        string? sent = await tab.EvaluateAsync<string>(
            "import('./settings.js').then(m => JSON.stringify(m.requestFields(JSON.parse(localStorage.getItem('glm5.settings')))))");
        Assert.AreEqual(
            """{"chat_template_kwargs":{"enable_thinking":true},"top_p":0.5,"top_k":7,"repetition_penalty":1.1,"seed":3}""", sent);
    }
}
