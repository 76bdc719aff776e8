using System.CommandLine;
using Glm5.Host.Cli;
using Glm5.Host.Cli.Flags;

namespace Glm5.Tests.Clients.Cli;

/// <summary>What a shell offers, and the pages of the help.</summary>
[TestClass]
public sealed class CompletionTests
{
    [TestMethod]
    [DataRow("glm5 ser", "serve")]
    [DataRow("glm5 serve --kv", "--kv-cache-dtype --kv-cache-memory-bytes --kv-memory-fraction")]
    [DataRow("glm5 serve --device cpu-", "cpu-oracle")]
    [DataRow("glm5 --tensor", "--tensor-parallel-size")]
    [DataRow("glm5 zai-org/GLM-5 --rev", "--revision")]
    [DataRow("glm5 completion z", "zsh")]
    public async Task The_words_that_can_follow_are_offered(string line, string offered)
    {
        await using Glm5Process glm5 = Glm5Process.Start([$"[suggest:{line.Length}]", line]);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        Assert.AreEqual(offered, string.Join(' ', glm5.Said.Split('\n')));
    }

    [TestMethod]
    [DataRow("bash", "complete -o default -F _glm5 glm5")]
    [DataRow("zsh", "compdef _glm5 glm5")]
    [DataRow("fish", "complete -c glm5")]
    public async Task Every_shell_has_its_script(string shell, string part)
    {
        await using Glm5Process glm5 = Glm5Process.Start(["completion", shell]);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        Assert.Contains(part, glm5.Said);
        Assert.Contains("[suggest:", glm5.Said);
    }

    [TestMethod]
    [DataRow("serve")]
    [DataRow("chat")]
    public async Task Help_shows_every_flag_in_its_group_and_stays_narrow(string name)
    {
        RootCommand root = CommandLine.Build();
        using var page = new StringWriter();
        await root.Parse([name, "--help"]).InvokeAsync(new InvocationConfiguration { Output = page });
        var command = (LayeredCommand)root.Subcommands.Single(command => command.Name == name);
        string[] lines = page.ToString().Split(Environment.NewLine);
        foreach (FlagGroup group in command.Groups)
        {
            int title = Array.IndexOf(lines, $"{group.Title}:");
            Assert.IsGreaterThan(0, title, group.Title);
            int end = Array.IndexOf(lines, "", title);
            foreach (Option option in group.Options)
                Assert.IsTrue(lines[title..end].Any(line => line.Contains($"{option.Name} ")), option.Name);
        }

        Assert.IsLessThanOrEqualTo(120, lines.Max(line => line.Length));
        CollectionAssert.AreEquivalent(
            command.Options.Where(option => option is not System.CommandLine.Help.HelpOption).ToArray(),
            command.Groups.SelectMany(group => group.Options).ToArray());
    }
}
