using System.Text;
using Glm5.Backends.Ascend;
using Glm5.Backends.CpuReference;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>
/// The checks see every wrong argument (soak tier: minutes). GLM5_WRITE_MISTAKES=1 writes the table of the profile that
/// GLM5_TEST_CANN names.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class PlantedMistakeTests
{
    private static readonly string s_tables = Path.Combine(Repository.Root, "tests", "hardware", "mistakes");

    private const string NotRead = "an output that nobody reads";

    /// <summary>Arguments that by the documents change nothing that is read, whatever they are.</summary>
    private static readonly Dictionary<string, string> s_harmless = new(StringComparer.Ordinal)
    {
        ["aclnnRmsNorm/rstdOut"] = NotRead,
        ["aclnnAddRmsNorm/rstdOut"] = NotRead,
        ["aclnnMoeGatingTopK/groupSelectMode"] = "experts are in one group",
        ["aclnnMoeGatingTopK/renorm"] = "sigmoid gates are normalised whatever it says",
        ["aclnnMoeGatingTopK/outFlag"] = "fills an output that nobody reads",
        ["aclnnMoeGatingTopK/outOut"] = NotRead,
        ["aclnnMoeInitRoutingV2/expertCapacityOptional"] = "no pair is dropped, experts take all",
        ["aclnnKvRmsNormRopeCache/isOutputKv"] = "fills outputs that nobody reads",
        ["aclnnKvRmsNormRopeCache/kRopeOut"] = NotRead,
        ["aclnnKvRmsNormRopeCache/cKvOut"] = NotRead,
        ["aclnnLightningIndexer/sparseValuesOut"] = NotRead,
        ["aclnnSparseFlashAttention/softmaxMax"] = NotRead,
        ["aclnnSparseFlashAttention/softmaxSum"] = NotRead,
        ["aclnnTransposeBatchMatMul/cubeMathType"] = "inputs in BF16 keep their type",
    };

    [TestMethod]
    public void Every_wrong_argument_is_seen_by_some_check()
    {
        if (CannUnderTest.Missing is { } missing)
            Assert.Inconclusive($"not run: {missing}");
        if (Environment.GetEnvironmentVariable("GLM5_SOAK") is null)
            Assert.Inconclusive("not run: the soak tier plants mistakes, ./build.sh soak");
        var oracle = new CpuBackend(CpuVoice.Oracle);
        var tables = new StringBuilder();
        var unseen = new List<string>();
        foreach (AscendVoice voice in (AscendVoice[])[AscendVoice.Fused, AscendVoice.Portable])
        {
            PlantedMistake[] mistakes = [.. new PlantedMistakes(new AscendBackend(voice, CannUnderTest.Paths), oracle).Run()];
            Write(tables, voice, mistakes);
            unseen.AddRange(mistakes.Where(m => m is { Caught: null, Made: > 0 } && !s_harmless.ContainsKey(Key(m))).Select(m => $"{voice}: {Key(m)}"));
        }

        if (Environment.GetEnvironmentVariable("GLM5_WRITE_MISTAKES") == "1")
        {
            string profile = Path.GetFileName(CannUnderTest.Home);
            Directory.CreateDirectory(s_tables);
            File.WriteAllText(Path.Combine(s_tables, $"{profile}.md"), $"# Planted mistakes on {profile}\n{tables}");
        }

        Assert.IsEmpty(unseen, string.Join("; ", unseen));
    }

    [TestMethod]
    public void No_committed_table_has_a_mistake_that_nothing_sees()
    {
        string[] files = Directory.GetFiles(s_tables, "*.md");
        Assert.IsNotEmpty(files);
        foreach (string file in files)
        {
            string[] rows = [.. File.ReadLines(file).Where(line => line.StartsWith("| aclnn", StringComparison.Ordinal) || line.StartsWith("| Hccl", StringComparison.Ordinal))];
            Assert.IsGreaterThan(100, rows.Length, file);
            CollectionAssert.AreEqual(Array.Empty<string>(), rows.Where(row => row.Contains("**unseen**", StringComparison.Ordinal)).ToArray(), file);
        }
    }

    private static string Key(PlantedMistake mistake) =>
        $"{mistake.Function.Replace("GetWorkspaceSize", "", StringComparison.Ordinal)}/{mistake.Argument}";

    private static void Write(StringBuilder into, AscendVoice voice, PlantedMistake[] mistakes)
    {
        int made = mistakes.Count(m => m.Made > 0), seen = mistakes.Count(m => m.Caught is not null);
        into.Append($"\n## {(voice == AscendVoice.Fused ? "ascend" : "ascend-f32")}: {seen} of {made} seen\n\n| argument | the first check that saw it |\n|---|---|\n");
        foreach (PlantedMistake mistake in mistakes.Where(m => m.Made > 0))
        {
            string caught = mistake.Caught is { } check ? Short(check)
                : s_harmless.TryGetValue(Key(mistake), out string? why) ? $"none, and rightly: {why}"
                : "**unseen**";
            into.Append($"| {Key(mistake)} | {caught} |\n");
        }
    }

    /// <summary>One line of a table cell, without what differs from run to run.</summary>
    private static string Short(string text)
    {
        string line = System.Text.RegularExpressions.Regex.Replace(text.ReplaceLineEndings(" ").Replace('|', '/'), "0x[0-9a-f]+", "an address");
        return line.Length <= 160 ? line : line[..157] + "...";
    }
}
