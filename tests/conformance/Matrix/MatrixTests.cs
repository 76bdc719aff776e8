using Glm5.Tests.Conformance.Suites;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Matrix;

/// <summary>The matrix is what its sources say, and "verified" has a record.</summary>
[TestClass]
public sealed class MatrixTests
{
    private static readonly string s_records = Path.Combine(Repository.Root, "tests", "hardware", "records");
    private static readonly string s_matrix = Path.Combine(Repository.Root, "hardware-matrix.md");

    [TestMethod]
    public void Matrix_matches_its_sources()
    {
        string expected = HardwareMatrix.Write(TestedBackends.InMatrix, ConformanceRecord.ReadAll(s_records));
        if (Environment.GetEnvironmentVariable("GLM5_WRITE_MATRIX") == "1")
            File.WriteAllText(s_matrix, expected);
        Assert.AreEqual(
            expected, File.ReadAllText(s_matrix).ReplaceLineEndings("\n"),
            "run GLM5_WRITE_MATRIX=1 dotnet test -c Release tests/conformance, read what changed, and commit it");
    }

    [TestMethod]
    public void Verified_needs_a_record_in_which_every_suite_passed()
    {
        IReadOnlyList<ConformanceRecord> records = ConformanceRecord.ReadAll(s_records);
        int verified = File.ReadLines(s_matrix).Count(l => l.StartsWith("| ", StringComparison.Ordinal) && l.Contains("| verified ", StringComparison.Ordinal));
        int proven = records.Count(r => r.AllPassed && !r.Emulated && TestedBackends.InMatrix.Any(t => t.Name == r.Backend && HardwareMatrix.SourcesOf(t) == r.Sources));
        Assert.AreEqual(proven, verified);
    }

    [TestMethod]
    public void Every_record_names_a_backend_that_exists()
    {
        foreach (ConformanceRecord record in ConformanceRecord.ReadAll(s_records))
            Assert.IsTrue(TestedBackends.InMatrix.Any(t => t.Name == record.Backend), $"no backend is called {record.Backend}");
    }
}

/// <summary>Writes conformance records when asked to, GLM5_RECORD=1, of backends whose suites ran in full.</summary>
[TestClass]
public static class RecordWriter
{
    [AssemblyCleanup]
    public static void Write()
    {
        if (Environment.GetEnvironmentVariable("GLM5_RECORD") != "1")
            return;
        foreach (Tenant tenant in TestedBackends.InMatrix.Where(
            t => t.Missing() is null && t.Hurry is null && ConformanceSuite.ResultsOf(t).Count > 0))
        {
            using Core.Accelerator.IAccelerator accelerator = tenant.Open(1, 1 << 20)[0];
            new ConformanceRecord
            {
                Backend = tenant.Name,
                Architecture = accelerator.Capabilities.Architecture,
                Device = accelerator.Capabilities.Device,
                Emulated = accelerator.Capabilities.IsEmulated,
                Software = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
                Date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", null),
                Sources = HardwareMatrix.SourcesOf(tenant),
                Suites = ConformanceSuite.ResultsOf(tenant),
            }.Write(Path.Combine(Repository.Root, "tests", "hardware", "records"));
        }
    }
}
