using Glm5.Backends.Ascend;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Emulator;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>Faults that the emulator makes arrive with their code, its meaning, and what can be done; a healed device goes on.</summary>
[TestClass]
[DoNotParallelize]
public sealed class AscendFaultTests
{
    [TestMethod]
    [DataRow("507015", 507015, Recovery.RestartRank, "cube kernel fault")]
    [DataRow("507034", 507034, Recovery.RestartRank, "vector kernel timed out")]
    [DataRow("uce", 507053, Recovery.ReplaceDevice, "uncorrectable device memory error")]
    [DataRow("lost", 507010, Recovery.RestartRank, "device scheduler stopped responding")]
    public void A_fault_on_the_device_shows_at_the_next_wait(string fault, int code, Recovery recovery, string meaning)
    {
        using var bench = new OpBench(TestedBackends.AscendF32.Open(1, 1 << 20)[0], 1);
        CannControl.Tell($"fault=task@1={fault}");
        try
        {
            CannException failure = Assert.ThrowsExactly<CannException>(() =>
            {
                Tensor x = bench.Empty(4, 8);
                bench.Ops.Relu(x, x);
                bench.Accelerator.Synchronize();
            });
            Assert.AreEqual((code, recovery), (failure.Code, failure.Recovery));
            Assert.Contains(meaning, failure.Message);
            Assert.Contains("CANN says:", failure.Message);
        }
        finally
        {
            CannControl.Tell("no-faults;heal");
        }
    }

    [TestMethod]
    public void Memory_that_runs_out_is_said_with_both_figures_and_the_device_goes_on()
    {
        using var bench = new OpBench(TestedBackends.AscendF32.Open(1, 1 << 20)[0], 2);
        CannControl.Tell("fault=aclrtMalloc@1=oom");
        try
        {
            DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
                () => bench.Accelerator.Memory.Allocate(4096, "a test").Dispose());
            Assert.Contains("a test needs 4,096 bytes", refusal.Message);
        }
        finally
        {
            CannControl.Tell("no-faults");
        }

        Tensor x = bench.Of([-1f, 2], 1, 2);
        bench.Ops.Relu(x, x);
        CollectionAssert.AreEqual((float[])[0, 2], bench.Floats(x));
    }

    [TestMethod]
    public void An_operator_that_refuses_says_its_arguments_and_why()
    {
        using var bench = new OpBench(TestedBackends.AscendF32.Open(1, 1 << 20)[0], 3);
        CannControl.Tell("fault=aclnnReluGetWorkspaceSize@1=161002");
        try
        {
            CannException refusal = Assert.ThrowsExactly<CannException>(() =>
            {
                Tensor x = bench.Empty(4, 8);
                bench.Ops.Relu(x, x);
            });
            Assert.AreEqual((161002, Recovery.Refused), (refusal.Code, refusal.Recovery));
            Assert.Contains("aclnnReluGetWorkspaceSize(Float [4, 8], Float [4, 8])", refusal.Message);
        }
        finally
        {
            CannControl.Tell("no-faults");
        }

        Tensor y = bench.Random(1, 4, 8);
        bench.Ops.Relu(y, y);
        Assert.IsTrue(Array.TrueForAll(bench.Floats(y), v => v >= 0));
    }
}
