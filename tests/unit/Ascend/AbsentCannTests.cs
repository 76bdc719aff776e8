using Glm5.Backends.Ascend;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>On a machine without CANN, or with pieces of it, probing is a sentence and never an exception.</summary>
[TestClass]
public sealed class AbsentCannTests
{
    [TestMethod]
    public void Without_CANN_the_refusal_says_where_it_was_looked_for()
    {
        AscendBackend backend = Under("/nowhere/ascend");
        ProbeResult probe = backend.Probe();
        Assert.IsFalse(probe.IsPresent);
        Assert.IsEmpty(probe.Devices);
        Assert.StartsWith("not available: the ACL runtime is missing: no libacl_rt.so, libascendcl.so in /nowhere/ascend/lib64 and 1 folders more", probe.Refusal!);
        AcceleratorException refusal = Assert.ThrowsExactly<AcceleratorException>(() => backend.Open(new DeviceRequest(1, 1 << 20)));
        Assert.Contains("/nowhere/ascend", refusal.Message);
    }

    [TestMethod]
    public void A_library_that_does_not_load_is_named()
    {
        string root = Directory.CreateTempSubdirectory("glm5-cann").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "lib64"));
            File.WriteAllText(Path.Combine(root, "lib64", "libascendcl.so"), "not a library");
            string? refusal = Under(root).Probe().Refusal;
            Assert.Contains("libascendcl.so does not load", refusal!);
            Assert.DoesNotContain("\n", refusal!);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [TestMethod]
    public void Roots_come_from_the_environment_both_layouts_are_searched_and_the_other_variable_is_second()
    {
        var variables = new Dictionary<string, string> { ["ASCEND_HOME_PATH"] = "/opt/cann-9.1.0", ["ASCEND_TOOLKIT_HOME"] = "/opt/old" };
        CannPaths paths = CannPaths.FromEnvironment(variables.GetValueOrDefault);
        Assert.AreEqual("/opt/cann-9.1.0/lib64", paths.Toolkit[0]);
        Assert.Contains("-linux/lib64", paths.Toolkit[1]);
        Assert.AreEqual("/opt/old/lib64", paths.Toolkit[2]);
        Assert.Contains("/usr/local/Ascend/driver/lib64/driver", paths.Driver);
        Assert.AreEqual("/usr/local/dcmi", paths.Dcmi[0]);
        Assert.Contains("/usr/local/Ascend/driver/version.info", paths.VersionFiles.Driver);
    }

    [TestMethod]
    public void Operators_that_are_missing_or_differ_have_a_reason()
    {
        CannLibrary none = CannLibrary.Open("the operators", ["libopapi.so"], ["/nowhere"]);
        var table = new AclnnTable(none, CannVersion.Parse("8.1.RC1"));
        foreach (AclnnOp op in Enum.GetValues<AclnnOp>())
            Assert.Contains("libopapi.so", table.Missing(op)!);
        Assert.ThrowsExactly<CannException>(() => table.SizeEntry(AclnnOp.Matmul));
    }

    private static AscendBackend Under(string root) =>
        new(AscendVoice.Fused, CannPaths.Under([root], "/nowhere/driver", ["/nowhere/dcmi"]));
}
