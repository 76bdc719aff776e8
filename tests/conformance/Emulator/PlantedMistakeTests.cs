using Glm5.Backends.Ascend;
using Glm5.Backends.CpuReference;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>
/// The checks see every wrong argument (soak tier: minutes). GLM5_WRITE_MISTAKES=1 writes the table of the profile that
/// GLM5_TEST_CANN names; GLM5_MISTAKES_OF=aclnnSort,HcclAllReduce spoils those alone.
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
        ["aclnnMatmulWeightNz/cubeMathType"] = "inputs in BF16 keep their type",
        ["aclnnMlaPrologV3WeightNz/tileSize"] = "of caches that are quantised in tiles, which these are not",
        ["aclnnGroupedMatmulSwigluQuantWeightNzV2/dequantDtype"] = "of other platforms",
        ["aclnnGroupedMatmulWeightNz/quantGroupSize"] = "of weights quantised in groups, which these are not",
    };

    [TestMethod]
    public void Every_wrong_argument_is_seen_by_some_check()
    {
        if (CannUnderTest.Missing is { } missing)
            Assert.Inconclusive($"not run: {missing}");
        if (Environment.GetEnvironmentVariable("GLM5_SOAK") is null)
            Assert.Inconclusive("not run: the soak tier plants mistakes, ./build.sh soak");
        var oracle = new CpuBackend(CpuVoice.Oracle);
        string file = Path.Combine(s_tables, $"{Path.GetFileName(CannUnderTest.Home)}.md");
        var table = MistakeTable.Read(file);
        var unseen = new List<string>();
        foreach (AscendVoice voice in (AscendVoice[])[AscendVoice.Fused, AscendVoice.Portable])
        {
            string name = voice == AscendVoice.Fused ? "ascend" : "ascend-f32";
            foreach (PlantedMistake mistake in new PlantedMistakes(new AscendBackend(voice, CannUnderTest.Paths), oracle).Run(Only))
            {
                if (mistake.Made == 0)
                {
                    table.Remove(name, mistake.Key);
                    continue;
                }

                string seenBy = SeenBy(mistake);
                table.Set(name, mistake.Key, seenBy);
                if (seenBy == MistakeTable.Unseen)
                    unseen.Add($"{name}: {mistake.Key}");
            }
        }

        if (Environment.GetEnvironmentVariable("GLM5_WRITE_MISTAKES") == "1")
            table.Write(file);
        Assert.IsEmpty(unseen, string.Join("; ", unseen));
    }

    [TestMethod]
    public void No_committed_table_has_a_mistake_that_nothing_sees()
    {
        string[] files = Directory.GetFiles(s_tables, "*.md");
        int arguments = 0;
        foreach (string file in files)
        {
            KeyValuePair<string, string>[] rows = [.. MistakeTable.Read(file).Rows];
            arguments += rows.Length;
            string[] unseen = [.. rows.Where(row => row.Value == MistakeTable.Unseen).Select(row => row.Key)];
            Assert.IsEmpty(unseen, $"{file}: {string.Join(", ", unseen)}");
        }

        Assert.IsGreaterThan(300, arguments);
    }

    /// <summary>Operators to spoil; null: all.</summary>
    private static string[]? Only => Environment.GetEnvironmentVariable("GLM5_MISTAKES_OF")?.Split(',');

    private static string SeenBy(PlantedMistake mistake) => mistake.Caught is { } check ? Short(check)
        : s_harmless.TryGetValue(mistake.Key, out string? why) ? $"none, and rightly: {why}"
        : MistakeTable.Unseen;

    /// <summary>One line of a table cell, without what differs from run to run.</summary>
    private static string Short(string text)
    {
        string line = System.Text.RegularExpressions.Regex.Replace(text.ReplaceLineEndings(" ").Replace('|', '/'), "0x[0-9a-f]+", "an address");
        return line.Length <= 160 ? line : line[..157] + "...";
    }
}
