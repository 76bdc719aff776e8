using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Glm5.Tests.Clients.Page;

/// <summary>A headless Chromium, driven over its DevTools protocol: one socket for all tabs.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    private readonly Process _process;
    private readonly DirectoryInfo _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _calls = new();
    private readonly ConcurrentDictionary<string, Tab> _tabs = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _closing = new();
    private Task _receiving = Task.CompletedTask;
    private int _lastCall;

    private Chromium(Process process, DirectoryInfo profile) => (_process, _profile) = (process, profile);

    /// <summary>Starts one, or ends the test as not run where none is installed.</summary>
    public static async Task<Chromium> StartAsync()
    {
        if (Find() is not { } program)
        {
            Assert.Inconclusive("not run: Chromium is not installed (apt-get install chromium, or set CHROMIUM to its path)");
            throw new UnreachableException();
        }

        DirectoryInfo profile = Directory.CreateTempSubdirectory("glm5-chromium");
        // Without a sandbox, for containers and root: it opens this project's page only.
        string[] arguments =
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--remote-debugging-port=0", $"--user-data-dir={profile.FullName}", "about:blank",
        ];
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var chromium = new Chromium(process, profile);
        try
        {
            await chromium._socket.ConnectAsync(await ListeningAsync(process), CancellationToken.None);
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }

        chromium._receiving = chromium.ReceiveAsync();
        return chromium;
    }

    /// <summary>Opens a tab at an address, in a profile of its own.</summary>
    /// <param name="address">What to open.</param>
    /// <param name="script">Runs before the page's own scripts.</param>
    /// <param name="width">Of the window; below 600 it is a phone.</param>
    public async Task<Tab> OpenAsync(Uri address, string script = "", int width = 1100)
    {
        string profile = (string)(await CallAsync("Target.createBrowserContext", []))["browserContextId"]!;
        JsonObject target = await CallAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank", ["browserContextId"] = profile });
        JsonObject attached = await CallAsync(
            "Target.attachToTarget", new JsonObject { ["targetId"] = (string)target["targetId"]!, ["flatten"] = true });
        var tab = new Tab(this, (string)attached["sessionId"]!);
        _tabs[tab.Session] = tab;
        await tab.CallAsync("Runtime.enable", []);
        await tab.CallAsync("Log.enable", []);
        await tab.CallAsync("Page.enable", []);
        await tab.CallAsync("Emulation.setDeviceMetricsOverride", new JsonObject
        {
            ["width"] = width,
            ["height"] = 800,
            ["deviceScaleFactor"] = 1,
            ["mobile"] = width < 600,
        });
        await tab.CallAsync("Page.addScriptToEvaluateOnNewDocument", new JsonObject { ["source"] = script });
        await tab.CallAsync("Page.navigate", new JsonObject { ["url"] = address.ToString() });
        await tab.UntilAsync("document.readyState === 'complete' && location.href !== 'about:blank'");
        return tab;
    }

    /// <summary>Calls a method of the protocol.</summary>
    public async Task<JsonObject> CallAsync(string method, JsonObject parameters, string? session = null)
    {
        int id = Interlocked.Increment(ref _lastCall);
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
            call["sessionId"] = session;
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, true, _closing.Token);
        }
        finally
        {
            _sending.Release();
        }

        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        try
        {
            _profile.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A child that is still dying may hold a file; the folder is the system's to clean then.
        }
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
            return named;
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    /// <summary>The address of the protocol, which Chromium prints once it listens.</summary>
    private static async Task<Uri> ListeningAsync(Process process)
    {
        const string Mark = "DevTools listening on ";
        var said = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith(Mark, StringComparison.Ordinal))
            {
                said.Add(line);
                continue;
            }

            // Its pipes are read to the end, or it would block on a full one.
            _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
            process.BeginOutputReadLine();
            return new Uri(line[Mark.Length..]);
        }

        throw new InvalidOperationException($"Chromium ended before it listened: {string.Join(" | ", said)}");
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        while (!_closing.IsCancellationRequested)
        {
            ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), _closing.Token);
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            var received = (JsonObject)JsonNode.Parse(message.ToArray())!;
            message.SetLength(0);
            Deliver(received);
        }
    }

    private void Deliver(JsonObject received)
    {
        if ((int?)received["id"] is { } id)
        {
            if (!_calls.TryRemove(id, out TaskCompletionSource<JsonObject>? call))
                return;
            if (received["error"] is { } error)
                call.SetException(new InvalidOperationException(error.ToJsonString()));
            else
                call.SetResult((JsonObject)received["result"]!);
        }
        else if ((string?)received["sessionId"] is { } session && _tabs.TryGetValue(session, out Tab? tab))
        {
            tab.Hear((string)received["method"]!, (JsonObject)received["params"]!);
        }
    }
}
