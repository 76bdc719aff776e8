using System.Net;
using System.Text.Json.Nodes;
using Glm5.Host.Cli;
using Spectre.Console;

namespace Glm5.Tests.Clients.Terminal;

/// <summary>The conversation in the terminal, against a scripted server.</summary>
[TestClass]
public sealed class ChatDialogueTests
{
    [TestMethod]
    public async Task An_answer_is_written_with_its_thinking_before_it()
    {
        var way = new ScriptedWay().Says("""{"reasoning_content":"Add.","reasoning":"Add."}""", """{"content":"50 + 26 "}""", """{"content":"= 76"}""");
        string screen = await TalkAsync(way, "What is 50 + 26?");
        Assert.Contains("Add.\n50 + 26 = 76\n7 tokens", screen);
    }

    [TestMethod]
    public async Task Every_question_carries_the_turns_before_it()
    {
        var way = new ScriptedWay().Says("""{"content":"Hi Noah"}""").Says("""{"content":"Noah"}""");
        await TalkAsync(way, "I am Noah", "", "Who am I?");
        Assert.AreEqual("user: I am Noah|assistant: Hi Noah|user: Who am I?", Messages(way.Asked[1]));
    }

    [TestMethod]
    public async Task Commands_change_what_is_asked()
    {
        ScriptedWay way = new ScriptedWay().Says("""{"content":"a"}""").Says("""{"content":"b"}""").Says("""{"content":"c"}""");
        string screen = await TalkAsync(
            way, "/system Be brief.", "/think off", "one", "/clear", "two", "/system -", "/think on", "three", "/system", "/nonsense", "/exit", "four");
        Assert.AreEqual("system: Be brief.|user: one", Messages(way.Asked[0]));
        Assert.Contains("\"enable_thinking\":false", way.Asked[0]);
        Assert.AreEqual("system: Be brief.|user: two", Messages(way.Asked[1]));
        Assert.AreEqual("user: two|assistant: b|user: three", Messages(way.Asked[2]));
        Assert.Contains("\"enable_thinking\":true", way.Asked[2]);
        Assert.Contains("There is no system prompt.", screen);
        Assert.Contains("/nonsense is not a command", screen);
        Assert.HasCount(3, way.Asked);
    }

    [TestMethod]
    public async Task A_line_that_ends_with_a_backslash_goes_on()
    {
        ScriptedWay way = new ScriptedWay().Says("""{"content":"a"}""");
        await TalkAsync(way, "first\\", "second\\", "third");
        Assert.AreEqual("user: first\nsecond\nthird", Messages(way.Asked[0]));
    }

    [TestMethod]
    public async Task A_refused_question_is_taken_back()
    {
        ScriptedWay way = new ScriptedWay()
            .Answers(HttpStatusCode.BadRequest, """{"error":{"message":"the prompt is too long"}}""")
            .Streams("""{"choices":[{"delta":{"content":"par"}}]}""")
            .Streams("""{"error":{"message":"the device failed"}}""")
            .Streams("not json")
            .Says("""{"content":"a"}""");
        string screen = await TalkAsync(way, "one", "two", "three", "four", "five");
        Assert.Contains("the prompt is too long", screen);
        Assert.Contains("par\nthe answer broke off", screen);
        Assert.Contains("the device failed", screen);
        Assert.Contains("is not JSON", screen);
        Assert.AreEqual("user: two|assistant: par|user: five", Messages(way.Asked[4]));
    }

    [TestMethod]
    public async Task No_answer_can_control_the_terminal()
    {
        var way = new ScriptedWay().Says("""{"reasoning":"\u001b[2J"}""", """{"content":"a\u001b]0;title\u0007\u009b31mb\r\tc"}""");
        string screen = await TalkAsync(way, "go");
        Assert.Contains("[2J\na]0;title31mb\tc\n", screen);
    }

    [TestMethod]
    public async Task No_name_and_no_error_can_control_the_terminal()
    {
        var way = new ScriptedWay().Answers(HttpStatusCode.BadRequest, """{"error":{"message":"\u001b]0;title\u0007no"}}""");
        string screen = await TalkAsync(way, "some\e[2J-model", ["go"]);
        Assert.StartsWith("some[2J-model. ", screen);
        Assert.Contains("]0;titleno", screen);
        Assert.DoesNotContain('\e', screen);
    }

    [TestMethod]
    public async Task The_address_may_end_with_the_version_and_the_name_comes_from_the_server()
    {
        using var client = new ChatClient(new Uri("http://localhost/v1/"), "key", new ScriptedWay());
        Assert.AreEqual("some-model", await client.WaitUntilReadyAsync(_ => { }, CancellationToken.None));
    }

    private static Task<string> TalkAsync(ScriptedWay way, params string[] lines) => TalkAsync(way, "some-model", lines);

    private static async Task<string> TalkAsync(ScriptedWay way, string model, string[] lines)
    {
        using var screen = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(screen) });
        using var client = new ChatClient(new Uri("http://localhost"), null, way);
        using var interrupt = new AnswerInterrupt();
        using var input = new StringReader(string.Join('\n', lines));
        await new ChatDialogue(client, model, new ChatSettings(), new ChatScreen(console), input, interrupt, TimeProvider.System).RunAsync();
        return screen.ToString();
    }

    private static string Messages(string request) => string.Join('|',
        JsonNode.Parse(request)!["messages"]!.AsArray().Select(message => $"{message!["role"]}: {message["content"]}"));
}
