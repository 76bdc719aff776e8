using System.Text.RegularExpressions;
using Glm5.Host.Api;
using Glm5.Host.Cli.Flags;
using Glm5.Tests.Clients.Cli;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Glm5.Tests.Clients.Deploy;

/// <summary>What can be known of the recipes without a container engine.</summary>
[TestClass]
public sealed partial class DeployTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "deploy");

    public static IEnumerable<object[]> Recipes =>
        Directory.EnumerateFiles(Path.Combine(s_folder, "containers"), "*.Dockerfile").Select(file => new object[] { Path.GetFileName(file) });

    [TestMethod]
    public void There_is_a_recipe_for_each_device() => Assert.AreEqual(
        "a2-arm a2-x86 a3-arm blackwell cpu hopper",
        string.Join(' ', Recipes.Select(recipe => ((string)recipe[0]).Split('.')[0]).Order(StringComparer.Ordinal)));

    [TestMethod]
    [DynamicData(nameof(Recipes))]
    public void A_recipe_runs_as_nobody_special_and_knows_its_health(string recipe)
    {
        string text = Read("containers", recipe);
        string[] steps = [.. text.Split('\n').Where(line => line.Length > 0 && line[0] is not ('#' or ' '))];
        string[] words = ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"];
        foreach (string step in steps)
            CollectionAssert.Contains(words, step.Split(' ')[0], step);
        Assert.AreEqual("USER glm5", steps.Last(step => step.StartsWith("USER", StringComparison.Ordinal)));
        Assert.Contains("GET /health/live HTTP", text);
        Assert.Contains($"docker build -f deploy/containers/{recipe} ", text);
        bool isAscend = recipe.StartsWith('a');
        Assert.AreEqual(isAscend, text.Contains("--device /dev/davinci_manager", StringComparison.Ordinal));
        bool isArm = recipe.Contains("-arm", StringComparison.Ordinal);
        Assert.AreEqual(isArm, text.Contains("RID=linux-arm64\n", StringComparison.Ordinal));
    }

    [TestMethod]
    public void Every_flag_that_they_give_is_one_of_the_program()
    {
        var known = new Vocabulary(ParsedLine.Of("").Command);
        string[] files = [.. Directory.EnumerateFiles(s_folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".json", StringComparison.Ordinal))];
        int seen = 0;
        foreach (string file in files)
        {
            foreach (Match served in ServedFlags().Matches(File.ReadAllText(file)))
            {
                foreach (Match flag in Flag().Matches(served.Value))
                {
                    seen++;
                    Assert.IsNotNull(known.Find(flag.Value)?.Own, $"{file}: {flag.Value}");
                }
            }
        }

        Assert.IsGreaterThan(15, seen);
    }

    [TestMethod]
    public void The_kubernetes_example_is_yaml_and_its_paths_exist()
    {
        string text = Read("kubernetes", "glm5.yaml");
        var parser = new Parser(new StringReader(text));
        int documents = 0;
        while (parser.MoveNext())
            documents += parser.Current is DocumentStart ? 1 : 0;
        Assert.AreEqual(2, documents);
        string[] paths = ApiRoutes.Listing.Split(", ");
        foreach (Match path in ProbedPath().Matches(text))
            CollectionAssert.Contains(paths, path.Groups[1].Value);
        int grace = int.Parse(GracePeriod().Match(text).Groups[1].Value), drain = int.Parse(DrainTime().Match(text).Groups[1].Value);
        Assert.IsGreaterThan(drain + 10, grace);
    }

    [TestMethod]
    public void The_units_command_is_understood()
    {
        string unit = Read("systemd", "glm5.service");
        string command = unit.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        ParsedLine line = new Regex(@"glm5 serve \S+ ").Split(command)[1] is var flags ? ParsedLine.Of($"serve {flags}") : null!;
        Assert.AreEqual("/etc/glm5/keys.json", line.Value<string>("--api-key-file"));
        Assert.AreEqual(120, line.Value<int>("--shutdown-timeout"));
    }

    private static string Read(string folder, string file) => File.ReadAllText(Path.Combine(s_folder, folder, file));

    /// <summary>What stands behind <c>serve</c>, and arguments in a list.</summary>
    [GeneratedRegex(@"(?m)\bserve /.*$|^ +- --.*$")]
    private static partial Regex ServedFlags();

    [GeneratedRegex(@"--[a-z][a-z-]+")]
    private static partial Regex Flag();

    [GeneratedRegex(@"path: (/[a-z/]+)(?=[,}\n])(?<!/models)")]
    private static partial Regex ProbedPath();

    [GeneratedRegex(@"terminationGracePeriodSeconds: (\d+)")]
    private static partial Regex GracePeriod();

    [GeneratedRegex(@"--shutdown-timeout=(\d+)")]
    private static partial Regex DrainTime();
}
