using System.Reflection;
using System.Text.RegularExpressions;
using Glm5.Host.Api;
using Glm5.Host.Cli;

namespace Glm5.Tests.Clients;

/// <summary>docs/operations.md against the program: what it lists exists, and what exists is listed.</summary>
[TestClass]
public sealed partial class OperationsPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    [TestMethod]
    public async Task It_lists_every_flag_and_no_other()
    {
        string help = await HelpAsync("serve") + await HelpAsync("chat") + await HelpAsync("pull")
            + await HelpAsync("parse") + await HelpAsync("probe") + await HelpAsync("keys", "add")
            + await HelpAsync("keys", "list") + await HelpAsync("keys", "remove") + await HelpAsync("plan")
            + await HelpAsync("simulate");
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

    private static string[] Found(Regex pattern, string text) =>
        [.. pattern.Matches(text).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    private static async Task<string> HelpAsync(params string[] command)
    {
        System.CommandLine.RootCommand root = CommandLine.Build();
        using var help = new StringWriter();
        await root.Parse([.. command, "--help"]).InvokeAsync(new System.CommandLine.InvocationConfiguration { Output = help });
        return help.ToString();
    }

    [GeneratedRegex("(--[a-z][a-z-]+)")]
    private static partial Regex Flag();
}
