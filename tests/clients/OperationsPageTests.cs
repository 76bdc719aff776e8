using System.Reflection;
using System.Text.RegularExpressions;
using Glm5.Host.Api;
using Glm5.Host.Cli;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients;

/// <summary>docs/operations.md against the program: what it lists exists, and what exists is listed.</summary>
[TestClass]
public sealed partial class OperationsPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    [TestMethod]
    public async Task It_lists_every_flag_of_serve_and_chat_and_no_other()
    {
        string help = await HelpAsync("serve") + await HelpAsync("chat") + await HelpAsync("pull")
            + await HelpAsync("parse") + await HelpAsync("probe") + await HelpAsync("plan") + await HelpAsync("simulate");
        Assert.AreEqual(
            string.Join(' ', Found(Flag(), help).Except(["--help"])),
            string.Join(' ', Found(Flag(), s_page).Except(["--project"])));
    }

    [TestMethod]
    public void It_lists_every_path()
    {
        foreach (string path in ApiRoutes.Listing.Split(", "))
            Assert.Contains($" {path}`", s_page);
    }

    [TestMethod]
    public void It_lists_every_exit_code()
    {
        FieldInfo[] codes = typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static);
        foreach (FieldInfo code in codes.Where(field => field.FieldType == typeof(int)))
            Assert.Contains($"\n| {code.GetRawConstantValue()} | ", s_page, code.Name);
    }

    [TestMethod]
    public async Task It_lists_every_metric_and_no_other()
    {
        RunningServer server = await SharedServer.Server;
        using var question = new StringContent(
            """{"model":"glm5-nano","messages":[{"role":"user","content":"Hello!"}]}""", null, "application/json");
        using HttpResponseMessage answer = await server.Http.PostAsync("/v1/chat/completions", question);
        answer.EnsureSuccessStatusCode();
        string[] exported = Found(Exported(), await server.Http.GetStringAsync("/metrics"));
        string[] listed = Found(Listed(), s_page);
        Assert.AreEqual("", string.Join(' ', exported.Except(listed)), "not listed");
        // A counter that has not counted yet is not exported.
        string[] idle = ["glm5_preemptions_total", "glm5_draft_tokens_total", "glm5_draft_tokens_accepted_total"];
        Assert.AreEqual("", string.Join(' ', listed.Except(exported).Except(idle)), "not exported");
    }

    private static string[] Found(Regex pattern, string text) =>
        [.. pattern.Matches(text).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    private static async Task<string> HelpAsync(string command)
    {
        System.CommandLine.RootCommand root = CommandLine.Build();
        using var help = new StringWriter();
        await root.Parse([command, "--help"]).InvokeAsync(new System.CommandLine.InvocationConfiguration { Output = help });
        return help.ToString();
    }

    [GeneratedRegex("(--[a-z][a-z-]+)")]
    private static partial Regex Flag();

    [GeneratedRegex("(?m)^# TYPE (glm5_[a-z_]+) ")]
    private static partial Regex Exported();

    [GeneratedRegex("`(glm5_[a-z_]+)`")]
    private static partial Regex Listed();
}
