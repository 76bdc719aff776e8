using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Page;

/// <summary>What the page does while an answer comes, piece by piece, and when it does not come.</summary>
[TestClass]
public sealed class PageBehaviourTests
{
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
    public async Task Thinking_is_open_until_the_answer_begins()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("What is 1 + 1?");
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.querySelector('.answer').dataset.state === 'waiting'"));
        await tab.ThinkAsync("Add one ");
        await tab.ThinkAsync("and one.");
        await tab.UntilAsync("document.querySelector('.thought')?.open");
        await tab.UntilAsync("document.querySelector('.reasoning')?.textContent === 'Add one and one.'");
        Assert.AreEqual("Thinking", await tab.TextAsync(".duration"));

        await tab.SayAsync("2");
        await tab.UntilAsync("!document.querySelector('.thought')?.open");
        Assert.StartsWith("Thought for ", await tab.TextAsync(".duration"));
        Assert.AreEqual("true", await tab.EvaluateAsync<string>("document.getElementById('turns').getAttribute('aria-busy')"));
        await tab.FinishAsync();
        Assert.AreEqual("2", await tab.TextAsync(".answer .said"));
        Assert.StartsWith("7 tokens", await tab.TextAsync(".usage"));
        Assert.AreEqual("2", await tab.EvaluateAsync<string>("document.getElementById('spoken').textContent"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task Thinking_that_was_unfolded_by_hand_stays_open()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Hello");
        await tab.ThinkAsync("So.");
        await tab.UntilAsync("document.querySelector('.thought')?.open");
        await tab.ClickAsync(".thought summary");
        await tab.ClickAsync(".thought summary");
        await tab.SayAsync("Hi");
        await tab.FinishAsync();
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.querySelector('.thought').open"));
    }

    [TestMethod]
    [DataRow("Escape")]
    [DataRow("button")]
    public async Task Stopping_keeps_what_has_come_and_allows_the_next_message(string by)
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Count");
        await tab.SayAsync("1, 2");
        await tab.UntilAsync("document.querySelector('.answer .said')?.textContent === '1, 2'");
        if (by == "button")
            await tab.ClickAsync("#stop");
        else
            await tab.PressAsync("Escape");
        await tab.UntilAsync("document.querySelector('.answer')?.dataset.state === 'stopped'");
        Assert.AreEqual("stopped", await tab.TextAsync(".usage"));
        await tab.AskAsync("Go on");
        Assert.AreEqual("1, 2", await tab.EvaluateAsync<string>("sent[1].messages[1].content"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task A_refusal_is_shown_as_a_sentence_and_can_be_tried_again()
    {
        Tab tab = await OpenAsync();
        await tab.EvaluateAsync<bool>("refuse(503, 'the server is busy; come again in 2 s')");
        await tab.AskAsync("Hello");
        await tab.UntilAsync("document.querySelector('.answer')?.dataset.state === 'failed'");
        Assert.AreEqual("The server is busy; come again in 2 s.", await tab.TextAsync(".failure p"));
        await tab.ClickAsync(".retry");
        await tab.UntilAsync("sent.length === 2");
        await tab.SayAsync("Hi!");
        await tab.FinishAsync();
        Assert.AreEqual("Hi!", await tab.TextAsync(".answer .said"));
        Assert.AreEqual(1, await tab.EvaluateAsync<int>("sent[1].messages.length"));
    }

    [TestMethod]
    public async Task An_answer_that_breaks_off_says_so_and_keeps_its_text()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Hello");
        await tab.SayAsync("Hi th");
        await tab.EvaluateAsync<bool>("hangUp()");
        await tab.UntilAsync("document.querySelector('.answer')?.dataset.state === 'failed'");
        Assert.AreEqual("Hi th", await tab.TextAsync(".answer .said"));
        Assert.Contains("broke off", await tab.TextAsync(".failure p"));
    }

    [TestMethod]
    public async Task Answering_again_replaces_the_answer()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Hello");
        await tab.SayAsync("one");
        await tab.FinishAsync();
        await tab.ClickAsync(".again");
        await tab.UntilAsync("sent.length === 2");
        await tab.SayAsync("two");
        await tab.FinishAsync();
        Assert.AreEqual(1, await tab.EvaluateAsync<int>("document.querySelectorAll('.answer').length"));
        Assert.AreEqual("two", await tab.TextAsync(".answer .said"));
        Assert.AreEqual(1, await tab.EvaluateAsync<int>("sent[1].messages.length"));
    }

    [TestMethod]
    public async Task Editing_a_message_asks_from_there_and_forgets_what_followed()
    {
        Tab tab = await OpenAsync();
        foreach (string word in new[] { "first", "second" })
        {
            await tab.AskAsync(word);
            await tab.SayAsync("well");
            await tab.FinishAsync();
        }

        await tab.ClickAsync(".user .edit");
        await tab.EvaluateAsync<bool>("document.querySelector('.editing textarea').select()");
        await tab.TypeAsync("other");
        await tab.PressAsync("Enter");
        await tab.UntilAsync("sent.length === 3");
        Assert.AreEqual("[{\"role\":\"user\",\"content\":\"other\"}]", await tab.EvaluateAsync<string>("JSON.stringify(sent[2].messages)"));
        Assert.AreEqual(2, await tab.EvaluateAsync<int>("document.querySelectorAll('.turn').length"));
        await tab.ClickAsync("#notice button");
        Assert.AreEqual("first well second well", await tab.EvaluateAsync<string>(
            "[...document.querySelectorAll('.turn > .said')].map(said => said.textContent).join(' ')"));
    }

    [TestMethod]
    public async Task A_model_that_could_not_be_loaded_is_named_with_the_reason()
    {
        const string Failed = """
            globalThis.health = { status: 'failed', phase: 'failed', model: 'broken', failure: 'config.json: no model_type' };
            """;
        Tab tab = await ScriptedServer.OpenAsync(_chromium!, _server!.Address, more: Failed);
        Assert.AreEqual("broken", await tab.TextAsync("#model"));
        Assert.AreEqual("config.json: no model_type", await tab.TextAsync("#about"));
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.getElementById('send').disabled"));
    }

    [TestMethod]
    public async Task A_cleared_conversation_can_be_brought_back()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Hello");
        await tab.SayAsync("Hi");
        await tab.FinishAsync();
        await tab.ClickAsync("#new-chat");
        Assert.AreEqual(0, await tab.EvaluateAsync<int>("document.querySelectorAll('.turn').length"));
        Assert.IsTrue(await tab.EvaluateAsync<bool>("!document.getElementById('welcome').hidden"));
        await tab.ClickAsync("#notice button");
        Assert.AreEqual("Hi", await tab.TextAsync(".answer .said"));
    }

    [TestMethod]
    public async Task The_conversation_and_the_settings_survive_a_reload()
    {
        Tab tab = await OpenAsync();
        await tab.ClickAsync("#thinking");
        await tab.AskAsync("Hello");
        await tab.SayAsync("**Hi**");
        await tab.FinishAsync();
        await tab.ReloadAsync();
        await tab.UntilAsync("document.body.dataset.server === 'ready'");
        Assert.AreEqual("Hi", await tab.EvaluateAsync<string>("document.querySelector('.answer strong').textContent"));
        await tab.AskAsync("And?");
        Assert.AreEqual(3, await tab.EvaluateAsync<int>("sent[0].messages.length"));
        Assert.IsFalse(await tab.EvaluateAsync<bool>("sent[0].chat_template_kwargs.enable_thinking"));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task What_another_tab_saved_later_is_shown_and_kept(bool isTold)
    {
        const string Elsewhere = """
            localStorage.setItem('glm5.conversation', JSON.stringify([{ role: 'user', content: 'elsewhere' }])), true
            """;
        Tab tab = await OpenAsync();
        await tab.AskAsync("here");
        await tab.SayAsync("Hi");
        await tab.FinishAsync();
        await tab.EvaluateAsync<bool>(Elsewhere);
        if (isTold)
            await tab.EvaluateAsync<bool>("dispatchEvent(new StorageEvent('storage', { key: 'glm5.conversation' }))");
        else
            await tab.ReloadAsync();
        await tab.UntilAsync("document.querySelector('.user .said')?.textContent === 'elsewhere'");
        Assert.AreEqual(1, await tab.EvaluateAsync<int>("document.querySelectorAll('.turn').length"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task Where_storage_is_forbidden_the_page_works_without()
    {
        const string Forbidden = """
            Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });
            """;
        Tab tab = await ScriptedServer.OpenAsync(_chromium!, _server!.Address, more: Forbidden);
        await tab.ClickAsync("#switch-theme");
        Assert.AreEqual("dark", await tab.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        await tab.AskAsync("Hello");
        await tab.SayAsync("Hi");
        await tab.FinishAsync();
        Assert.AreEqual("Hi", await tab.TextAsync(".answer .said"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task Settings_go_into_the_request()
    {
        Tab tab = await OpenAsync();
        await tab.ClickAsync("#open-settings");
        foreach ((string id, string value) in new[] { ("set-system", "Be brief."), ("set-temperature", "0.5"), ("set-max", "40") })
        {
            await tab.EvaluateAsync<bool>($"document.getElementById('{id}').focus()");
            await tab.TypeAsync(value);
        }

        await tab.PressAsync("Escape");
        await tab.AskAsync("Hello");
        const string Expected = """
            {"model":"glm5-nano","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],
            "chat_template_kwargs":{"enable_thinking":true},"temperature":0.5,"max_tokens":40,
            "stream":true,"stream_options":{"include_usage":true}}
            """;
        Assert.AreEqual(Expected.ReplaceLineEndings(""), await tab.EvaluateAsync<string>("JSON.stringify(sent[0])"));
    }

    [TestMethod]
    public async Task A_server_with_keys_is_sent_the_key_it_asked_for()
    {
        Tab tab = await OpenAsync();
        await tab.EvaluateAsync<bool>("refuse(401, 'this server asks for a key')");
        await tab.AskAsync("Hello");
        await tab.UntilAsync("document.activeElement.id === 'set-key'");
        await tab.TypeAsync("sk-1");
        await tab.PressAsync("Escape");
        await tab.ClickAsync(".retry");
        await tab.UntilAsync("sent.length === 2");
        Assert.AreEqual(",Bearer sk-1", await tab.EvaluateAsync<string>("keys.join()"));
    }

    [TestMethod]
    public async Task While_the_model_loads_its_progress_is_shown_and_nothing_is_sent()
    {
        const string Loading = """
            globalThis.health = { status: 'loading', phase: 'reading', model: 'GLM-5-FP8', percent: 43.5,
              bytes_done: 435, bytes_total: 1000, bytes_per_second: 2.31e9, remaining_seconds: 12.2 };
            """;
        Tab tab = await ScriptedServer.OpenAsync(_chromium!, _server!.Address, more: Loading);
        Assert.AreEqual("reading the weights · 43 % · 2.31 GB/s · 13 s left", await tab.TextAsync("#state-text"));
        Assert.AreEqual(0.435, await tab.EvaluateAsync<double>("document.getElementById('loading').value"));
        await tab.TypeAsync("Hello");
        await tab.PressAsync("Enter");
        Assert.AreEqual(0, await tab.EvaluateAsync<int>("sent.length"));
        await tab.EvaluateAsync<bool>("health = { status: 'ready', phase: 'ready', model: 'GLM-5-FP8' }, true");
        await tab.UntilAsync("!document.getElementById('send').disabled");
        Assert.AreEqual("GLM-5-FP8", await tab.TextAsync("#model"));
        Assert.AreEqual(0, await tab.EvaluateAsync<int>("document.querySelectorAll('#examples li').length"));
    }

    [TestMethod]
    public async Task On_a_phone_nothing_is_wider_than_the_screen()
    {
        Tab tab = await ScriptedServer.OpenAsync(_chromium!, _server!.Address, width: 390);
        await tab.AskAsync(new string('w', 300));
        string wide = new('a', 300);
        await tab.SayAsync($"{wide}\n\n```\n{wide}\n```\n\n|{wide}|b|\n|-|-|\n|1|2|\n\nhttps://example.com/{wide}");
        await tab.FinishAsync();
        const string Widths = "`${document.documentElement.scrollWidth} ${document.getElementById('scroll').scrollWidth}`";
        Assert.AreEqual("390 390", await tab.EvaluateAsync<string>(Widths));
    }

    [TestMethod]
    public async Task The_switch_turns_light_into_dark_and_back()
    {
        Tab tab = await OpenAsync();
        const string Paper = "getComputedStyle(document.body).backgroundColor";
        string? light = await tab.EvaluateAsync<string>(Paper);
        await tab.ClickAsync("#switch-theme");
        Assert.AreNotEqual(light, await tab.EvaluateAsync<string>(Paper));
        await tab.ClickAsync("#switch-theme");
        Assert.AreEqual(light, await tab.EvaluateAsync<string>(Paper));
    }

    [TestMethod]
    public async Task Every_control_has_a_name()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Hello");
        await tab.SayAsync("Hi");
        await tab.FinishAsync();
        string? nameless = await tab.EvaluateAsync<string>("""
            [...document.querySelectorAll('button, input, textarea')]
              .filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML).join()
            """);
        Assert.AreEqual("", nameless);
    }

    private static Task<Tab> OpenAsync() => ScriptedServer.OpenAsync(_chromium!, _server!.Address);

    private static void AssertQuiet(Tab tab) => Assert.IsEmpty(tab.Complaints, string.Join(" | ", tab.Complaints));
}
