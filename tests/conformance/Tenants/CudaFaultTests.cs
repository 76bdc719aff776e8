using System.Runtime.InteropServices;
using System.Text;
using Glm5.Backends.Cuda;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>Faults that the emulator makes arrive with their code, its meaning, and what can be done; a healed device goes on.</summary>
[TestClass]
[DoNotParallelize]
public sealed unsafe class CudaFaultTests
{
    [TestMethod]
    [DataRow("illegal", 700, Recovery.RestartRank, "illegal memory access")]
    [DataRow("719", 719, Recovery.RestartRank, "launch failure")]
    [DataRow("ecc", 214, Recovery.ReplaceDevice, "uncorrectable ECC error")]
    public void A_fault_on_the_device_shows_at_the_next_wait(string fault, int code, Recovery recovery, string meaning)
    {
        using OpBench bench = Bench(1);
        Control($"fault=task@1={fault}");
        try
        {
            CudaException failure = Assert.ThrowsExactly<CudaException>(() =>
            {
                Tensor x = bench.Empty(4, 8);
                bench.Ops.Relu(x, x);
                bench.Accelerator.Synchronize();
            });
            Assert.AreEqual((code, recovery), (failure.Code, failure.Recovery), failure.Message);
            Assert.Contains(meaning, failure.Message);
        }
        finally
        {
            Control("no-faults;heal");
        }
    }

    [TestMethod]
    public void Memory_that_runs_out_is_said_with_both_figures_and_the_device_goes_on()
    {
        using OpBench bench = Bench(2);
        Control("fault=alloc@1=oom");
        try
        {
            DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
                () => bench.Accelerator.Memory.Allocate(4096, "a test").Dispose());
            Assert.Contains("a test needs 4,096 bytes", refusal.Message);
        }
        finally
        {
            Control("no-faults");
        }

        Tensor x = bench.Of([-1f, 2], 1, 2);
        bench.Ops.Relu(x, x);
        CollectionAssert.AreEqual((float[])[0, 2], bench.Floats(x));
    }

    [TestMethod]
    public void A_launch_that_is_refused_names_the_kernel_and_its_grid()
    {
        using OpBench bench = Bench(3);
        Control("fault=cuLaunchKernel@1=701");
        try
        {
            CudaException refusal = Assert.ThrowsExactly<CudaException>(() =>
            {
                Tensor x = bench.Empty(4, 8);
                bench.Ops.Relu(x, x);
            });
            Assert.Contains("cuLaunchKernel of relu Grid { X = 1", refusal.Message);
        }
        finally
        {
            Control("no-faults;heal");
        }
    }

    /// <summary>The waiting rank's kernel spins for a peer that never comes: it is given up, and says why.</summary>
    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public void A_rank_that_waits_for_a_lost_peer_is_woken_with_its_reason()
    {
        IReadOnlyList<IAccelerator> ranks = TestedBackends.CudaF32.Open(2, 1 << 20);
        AcceleratorException? failure = null;
        var waiting = new Thread(() =>
        {
            Tensor values = Meet(ranks[0]);
            try
            {
                ranks[0].Collectives.AllReduceSum(values);
                ranks[0].Synchronize();
            }
            catch (AcceleratorException e)
            {
                failure = e;
            }
        });
        var failing = new Thread(() =>
        {
            _ = Meet(ranks[1]).Count;
            Thread.Sleep(200);
            ranks[1].Collectives.Abort("its device is gone");
        });
        waiting.Start();
        failing.Start();
        failing.Join();
        waiting.Join();
        foreach (IAccelerator rank in ranks)
            rank.Dispose();
        Assert.IsNotNull(failure);
        Assert.Contains("rank 1: its device is gone", failure.Message);
    }

    /// <summary>One exchange that succeeds, so that the ranks have joined; and values for the next.</summary>
    private static Tensor Meet(IAccelerator rank)
    {
        Tensor values = rank.Ops.Arena.Take(ElementType.F32, 64);
        rank.Ops.Fill(values, 1);
        rank.Collectives.AllReduceSum(values);
        rank.Synchronize();
        return values;
    }

    private static OpBench Bench(int seed)
    {
        IAccelerator device = TestedBackends.CudaF32.Open(1, 1 << 20)[0];
        if (CudaUnderTest.IsEmulated)
            return new OpBench(device, seed);
        device.Dispose();
        Assert.Inconclusive("not run: faults are made by the emulator alone");
        throw new InvalidOperationException();
    }

    private static void Control(string commands)
    {
        nint library = NativeLibrary.Load(Path.Combine(CudaUnderTest.Paths.Explicit[0], "libcuda.so.1"));
        nint control = NativeLibrary.GetExport(library, "cudaEmulatorControl");
        fixed (byte* text = Encoding.ASCII.GetBytes(commands + '\0'))
            Assert.AreEqual(0, ((delegate* unmanaged<byte*, int>)control)(text), commands);
    }
}
