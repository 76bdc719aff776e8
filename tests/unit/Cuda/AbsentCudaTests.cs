using Glm5.Backends.Cuda;
using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cuda;

/// <summary>On a machine without CUDA, or with pieces of it, probing is a sentence and never an exception.</summary>
[TestClass]
public sealed class AbsentCudaTests
{
    [TestMethod]
    public void A_driver_that_does_not_load_is_named()
    {
        string root = Directory.CreateTempSubdirectory("glm5-cuda").FullName;
        try
        {
            File.WriteAllText(Path.Combine(root, "libcuda.so.1"), "not a library");
            CudaLibrary library = CudaLibrary.Open("the CUDA driver", ["libcuda.so.1"], CudaPaths.Under(root));
            if (library.Refusal is null)
                Assert.Inconclusive("not run: this machine has a driver");
            Assert.Contains("libcuda.so.1 does not load", library.Refusal);
            Assert.DoesNotContain("\n", library.Refusal);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [TestMethod]
    public void What_is_missing_is_said_in_a_sentence_with_the_names_that_were_tried()
    {
        CudaLibrary library = CudaLibrary.Open("NCCL", ["libnccl.so.99"], CudaPaths.Under("/nowhere"));
        Assert.AreEqual("NCCL is missing: no libnccl.so.99 on the loader's path nor in 1 folders that were searched", library.Refusal);
        Assert.Contains("NCCL is missing", Assert.ThrowsExactly<AcceleratorException>(() => library.Require("ncclGetVersion")).Message);
        Assert.AreEqual(0, library.Find("ncclGetVersion"));
    }

    [TestMethod]
    public void Named_folders_come_before_the_loader_and_installed_ones_behind_it()
    {
        var variables = new Dictionary<string, string>
        {
            ["GLM5_CUDA_PATH"] = "/opt/mine:/opt/other",
            ["CUDA_HOME"] = "/opt/toolkit",
            ["XDG_CACHE_HOME"] = "/var/cache",
        };
        CudaPaths paths = CudaPaths.FromEnvironment(variables.GetValueOrDefault);
        CollectionAssert.AreEqual(
            (string[])["/opt/mine", "/opt/mine/lib64", "/opt/mine/lib", "/opt/other", "/opt/other/lib64", "/opt/other/lib"],
            paths.Explicit.ToArray());
        Assert.AreEqual("/opt/toolkit", paths.Installed[0]);
        Assert.AreEqual("/var/cache/glm5/cubin", paths.Cubins);
        variables["GLM5_CUBIN_CACHE"] = "";
        Assert.IsNull(CudaPaths.FromEnvironment(variables.GetValueOrDefault).Cubins);
    }

    [TestMethod]
    [DataRow(9, 0, "sm_90a")]
    [DataRow(10, 0, "sm_100a")]
    [DataRow(10, 3, "sm_103a")]
    [DataRow(12, 0, "sm_120")]
    [DataRow(12, 1, "sm_121")]
    [DataRow(8, 0, null)]
    [DataRow(7, 5, null)]
    public void Capabilities_are_those_that_kernels_are_made_for(int major, int minor, string? target)
    {
        Assert.AreEqual(target, GpuFamily.Of(major, minor)?.Target);
        Assert.Contains($"capability {major}.{minor}", GpuFamily.Refusal("a card", major, minor));
    }

    [TestMethod]
    [DataRow(2, Recovery.Retry)]
    [DataRow(214, Recovery.ReplaceDevice)]
    [DataRow(700, Recovery.RestartRank)]
    [DataRow(719, Recovery.RestartRank)]
    [DataRow(1, Recovery.Refused)]
    public void Failures_say_what_can_be_done(int result, Recovery recovery) =>
        Assert.AreEqual(recovery, CudaCodes.RecoveryOf(result));
}
