using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Page;

/// <summary>Tools pasted into the page are offered, their calls are drawn, and results given by hand go back.</summary>
[TestClass]
public sealed class PageToolsTests
{
    private const string Tools = """
        [{"name": "weather", "description": "Weather to come.", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}},
         {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}]
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
    public async Task Pasted_tools_are_listed_whatever_their_form_and_sent_in_the_chats_own()
    {
        Tab tab = await OpenAsync();
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.getElementById('tools').hidden"));
        await PasteAsync(tab, Tools);
        Assert.AreEqual("weather (city, days)Weather to come.", await tab.EvaluateAsync<string>("document.querySelector('#tool-list li').textContent.replace('(', ' (')"));
        Assert.AreEqual(2, await tab.EvaluateAsync<int>("document.querySelectorAll('#tool-list li').length"));
        await CloseAsync(tab);
        Assert.AreEqual("2 tools", await tab.TextAsync("#tools"));
        await tab.AskAsync("Hello");
        Assert.AreEqual(
            "[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"description\":\"Weather to come.\",\"parameters\":{\"type\":\"object\","
            + "\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}}}}},{\"type\":\"function\",\"function\":"
            + "{\"name\":\"clock\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}] auto",
            await tab.EvaluateAsync<string>("JSON.stringify(sent[0].tools) + ' ' + sent[0].tool_choice"));
        await tab.FinishAsync();

        await tab.ClickAsync("#tools");
        await tab.AskAsync("Again");
        Assert.IsTrue(await tab.EvaluateAsync<bool>("sent[1].tools === undefined"), "the chip switches them off");
        AssertQuiet(tab);
    }

    [TestMethod]
    [DataRow("[{", "Not JSON")]
    [DataRow("[{\"description\": \"x\"}]", "Tool 1 has no name")]
    [DataRow("[{\"name\": \"f\"}, {\"name\": \"f\"}]", "Two tools are called f")]
    public async Task What_is_no_list_of_tools_is_said_and_not_sent(string pasted, string said)
    {
        Tab tab = await OpenAsync();
        await PasteAsync(tab, pasted);
        Assert.StartsWith(said, await tab.TextAsync("#tools-error"));
        await CloseAsync(tab);
        await tab.AskAsync("Hello");
        Assert.IsTrue(await tab.EvaluateAsync<bool>("sent[0].tools === undefined"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task A_call_is_a_card_whose_result_given_by_hand_lets_the_model_go_on()
    {
        Tab tab = await OpenAsync();
        await PasteAsync(tab, Tools);
        await CloseAsync(tab);
        await tab.AskAsync("Will it rain in Rome?");
        await tab.ThinkAsync("I look.");
        await CallAsync(tab, 0, "call_a", "weather", "{\\\"city\\\": \\\"Rome\\\", ", "\\\"days\\\": 3}");
        await tab.UntilAsync("document.querySelector('.call .text')?.textContent?.startsWith('{\"city\"')");
        await CallAsync(tab, 1, "call_b", "clock", "{}");
        await tab.FinishAsync("tool_calls");
        Assert.AreEqual("weather|clock", await tab.EvaluateAsync<string>("[...document.querySelectorAll('.call .name')].map(e => e.textContent).join('|')"));
        Assert.AreEqual(
            "city=Rome|days=3|no arguments",
            await tab.EvaluateAsync<string>("[...document.querySelectorAll('.values dt')].map(e => e.nextElementSibling?.tagName === 'DD' ? "
                + "`${e.textContent}=${e.nextElementSibling.textContent}` : e.textContent).join('|')"));
        Assert.DoesNotContain("no answer", await tab.TextAsync(".usage"));

        await tab.EvaluateAsync<bool>("document.querySelector('.call textarea').focus()");
        await tab.TypeAsync("{\"rain\": true}");
        await tab.EvaluateAsync<bool>("document.querySelectorAll('.call textarea')[1].focus()");
        await tab.TypeAsync("noon");
        await tab.ClickAsync(".continue");
        await tab.UntilAsync("sent.length === 2");
        Assert.AreEqual(
            "user,assistant,tool,tool|I look.|call_a call_b|{\"city\": \"Rome\", \"days\": 3}|call_a:{\"rain\": true}|call_b:noon",
            await tab.EvaluateAsync<string>("""
                (m => [m.map(t => t.role).join(), m[1].reasoning_content, m[1].tool_calls.map(c => c.id).join(' '),
                  m[1].tool_calls[0].function.arguments, ...m.slice(2).map(t => `${t.tool_call_id}:${t.content}`)].join('|'))(sent[1].messages)
                """));
        await tab.SayAsync("Take an umbrella.");
        await tab.FinishAsync();
        Assert.IsTrue(await tab.EvaluateAsync<bool>("document.querySelector('.continue').hidden && !document.querySelector('.given').hidden"));

        await tab.ReloadAsync();
        await tab.UntilAsync("document.querySelectorAll('.call').length === 2");
        await tab.AskAsync("Thanks");
        Assert.AreEqual(
            "user,assistant,tool,tool,assistant,user", await tab.EvaluateAsync<string>("sent[0].messages.map(t => t.role).join()"));
        AssertQuiet(tab);
    }

    [TestMethod]
    public async Task A_call_that_nobody_answers_is_left_out_of_what_follows()
    {
        Tab tab = await OpenAsync();
        await tab.AskAsync("Will it rain?");
        await CallAsync(tab, 0, "call_a", "weather", "{\\\"city\\\"");
        await tab.FinishAsync("length");
        Assert.AreEqual("{\"city\"", await tab.TextAsync(".call .text"), "what is no object is shown as it came");
        await tab.AskAsync("Never mind");
        Assert.AreEqual("user,user", await tab.EvaluateAsync<string>("sent[1].messages.map(t => t.role).join()"));
        AssertQuiet(tab);
    }

    private static async Task CallAsync(Tab tab, int index, string id, string name, params string[] arguments)
    {
        await tab.EvaluateAsync<bool>($"say({{ tool_calls: [{{ index: {index}, id: '{id}', type: 'function', function: {{ name: '{name}', arguments: '' }} }}] }})");
        foreach (string piece in arguments)
            await tab.EvaluateAsync<bool>($"say({{ tool_calls: [{{ index: {index}, function: {{ arguments: \"{piece}\" }} }}] }})");
    }

    private static async Task PasteAsync(Tab tab, string text)
    {
        await tab.ClickAsync("#open-settings");
        await tab.EvaluateAsync<bool>("(document.getElementById('more-tools').open = true, document.getElementById('set-tools').focus(), true)");
        await tab.TypeAsync(text);
    }

    private static Task<bool> CloseAsync(Tab tab) => tab.EvaluateAsync<bool>("(document.getElementById('settings').close(), true)");

    private static Task<Tab> OpenAsync() => ScriptedServer.OpenAsync(_chromium!, _server!.Address);

    private static void AssertQuiet(Tab tab) => Assert.IsEmpty(tab.Complaints, string.Join(" | ", tab.Complaints));
}
