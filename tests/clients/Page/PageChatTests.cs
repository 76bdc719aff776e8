using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Page;

/// <summary>A person opens the page in a browser and chats with glm5-nano.</summary>
[TestClass]
public sealed class PageChatTests
{
    /// <summary>
    /// Keeps every text that the last answer has shown, thinking and answer together. Events of the server are passed on
    /// one in two frames, so that the page can show each, however fast the model and slow the machine.
    /// </summary>
    private const string Watch = """
        const plain = fetch;
        const frame = () => new Promise(requestAnimationFrame);
        globalThis.fetch = async (...asked) => {
          const answer = await plain(...asked);
          if (!answer.headers.get('content-type').startsWith('text/event-stream')) return answer;
          let rest = '';
          const onePerFrame = new TransformStream({
            async transform(text, out) {
              rest += text;
              for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
                out.enqueue(rest.slice(0, end + 2));
                await frame();
                await frame();
              }
            },
          });
          const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(onePerFrame);
          return new Response(events.pipeThrough(new TextEncoderStream()), { headers: answer.headers });
        };
        globalThis.shown = new Set();
        new MutationObserver(() => {
          const answer = document.querySelector('.answer:last-child');
          if (answer) shown.add(answer.querySelector('.reasoning').textContent + '|' + answer.querySelector('.said').textContent);
        }).observe(document, { subtree: true, childList: true, characterData: true });
        """;

    private static RunningServer? _server;
    private static Chromium? _chromium;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _chromium = await Chromium.StartAsync();
        _server = await SharedServer.Server;
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
    }

    [TestMethod]
    public async Task A_message_is_answered_by_text_that_streams_in()
    {
        Tab tab = await OpenAsync();
        await SendAsync(tab, "What is 50 + 26?");
        Assert.AreEqual("50 + 26 = 76", await tab.TextAsync(".answer .said"));
        Assert.StartsWith("Add 50 and 26.", await tab.EvaluateAsync<string>("document.querySelector('.reasoning').textContent"));
        Assert.IsFalse(await tab.EvaluateAsync<bool>("document.querySelector('.thought').open"));
        Assert.Contains("tokens/s", await tab.TextAsync(".usage"));
        Assert.IsGreaterThan(3, await tab.EvaluateAsync<int>("shown.size"));
        Assert.IsEmpty(tab.Complaints, string.Join(" | ", tab.Complaints));
    }

    [TestMethod]
    public async Task The_model_remembers_the_turns_before()
    {
        Tab tab = await OpenAsync();
        await SendAsync(tab, "My name is Noah.");
        await SendAsync(tab, "What is my name?");
        Assert.AreEqual("Your name is Noah.", await tab.TextAsync(".answer:last-child .said"));
    }

    [TestMethod]
    public async Task An_example_is_asked_by_choosing_it()
    {
        Tab tab = await OpenAsync();
        await tab.ClickAsync("#examples button");
        await tab.UntilAsync("document.querySelector('.answer')?.dataset.state === 'done'");
        Assert.AreEqual("What is 50 + 26?", await tab.TextAsync(".user .said"));
    }

    [TestMethod]
    public async Task Without_thinking_the_answer_comes_at_once()
    {
        Tab tab = await OpenAsync();
        await tab.ClickAsync("#thinking");
        await SendAsync(tab, "Repeat these words: plum, wolf");
        Assert.AreEqual("plum, wolf", await tab.TextAsync(".answer .said"));
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.querySelector('.thought').hidden"));
    }

    private static async Task<Tab> OpenAsync()
    {
        Tab tab = await _chromium!.OpenAsync(_server!.Address, Watch);
        await tab.UntilAsync("document.body.dataset.server === 'ready'");
        return tab;
    }

    private static async Task SendAsync(Tab tab, string message)
    {
        int before = await tab.EvaluateAsync<int>("document.querySelectorAll('.answer').length");
        await tab.EvaluateAsync<bool>("document.getElementById('prompt').focus()");
        await tab.TypeAsync(message);
        await tab.PressAsync("Enter");
        await tab.UntilAsync($"document.querySelectorAll('.answer[data-state=done]').length === {before + 1}");
    }
}
