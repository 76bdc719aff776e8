using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Glm5.Tests.Clients.Page;

/// <summary>A tab of <see cref="Chromium"/>: what a person does in it, and what can be seen.</summary>
internal sealed class Tab(Chromium chromium, string session)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<string> _complaints = new();

    /// <summary>The protocol's name for it.</summary>
    public string Session => session;

    /// <summary>Uncaught exceptions, and errors that the browser logged: among them every breach of the content policy.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Calls a method of the protocol in this tab.</summary>
    public Task<JsonObject> CallAsync(string method, JsonObject parameters) => chromium.CallAsync(method, parameters, session);

    /// <summary>Runs an expression, awaits it when it is a promise, and returns its value.</summary>
    public async Task<T?> EvaluateAsync<T>(string expression)
    {
        JsonObject answer = await CallAsync("Runtime.evaluate", new JsonObject
        {
            ["expression"] = expression,
            ["awaitPromise"] = true,
            ["returnByValue"] = true,
            ["userGesture"] = true,
        });
        if (answer["exceptionDetails"] is { } failure)
            throw new InvalidOperationException($"{expression}: {failure.ToJsonString()}");
        return answer["result"]!["value"] is { } value ? value.GetValue<T>() : default;
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await EvaluateAsync<bool>($"Boolean({expression})"))
        {
            if (Stopwatch.GetElapsedTime(began) > s_patience)
            {
                string? seen = await EvaluateAsync<string>("document.body?.innerText ?? ''");
                Assert.Fail($"never true: {expression}; the page shows: {seen}; {string.Join(" | ", _complaints)}");
            }

            await Task.Delay(15);
        }
    }

    /// <summary>The text of the first element that matches.</summary>
    public async Task<string> TextAsync(string selector) =>
        await EvaluateAsync<string>($"document.querySelector({Quoted(selector)}).innerText") ?? "";

    /// <summary>Clicks the first element that matches.</summary>
    public Task ClickAsync(string selector) => EvaluateAsync<bool>($"document.querySelector({Quoted(selector)}).click()");

    /// <summary>Types text where the focus is.</summary>
    public Task TypeAsync(string text) => CallAsync("Input.insertText", new JsonObject { ["text"] = text });

    /// <summary>Presses a key: Enter or Escape, as the keyboard sends them.</summary>
    public async Task PressAsync(string key, bool shift = false)
    {
        var press = new JsonObject
        {
            ["type"] = "keyDown",
            ["key"] = key,
            ["code"] = key,
            ["windowsVirtualKeyCode"] = key == "Enter" ? 13 : 27,
            ["modifiers"] = shift ? 8 : 0,
        };
        if (key == "Enter")
            press["text"] = "\r";
        await CallAsync("Input.dispatchKeyEvent", press);
        await CallAsync("Input.dispatchKeyEvent", new JsonObject { ["type"] = "keyUp", ["key"] = key, ["code"] = key });
    }

    /// <summary>Loads the page again and waits for it.</summary>
    public async Task ReloadAsync()
    {
        await EvaluateAsync<bool>("globalThis.isOld = true");
        await CallAsync("Page.reload", []);
        await UntilAsync("!globalThis.isOld && document.readyState === 'complete'");
    }

    /// <summary>Takes note of an event.</summary>
    public void Hear(string method, JsonObject parameters)
    {
        if (method == "Runtime.exceptionThrown")
            _complaints.Enqueue(parameters["exceptionDetails"]!.ToJsonString());
        else if (method == "Log.entryAdded" && (string?)parameters["entry"]!["level"] == "error")
            _complaints.Enqueue((string)parameters["entry"]!["text"]!);
    }

    /// <summary>Text as a literal of the page's language.</summary>
    public static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
