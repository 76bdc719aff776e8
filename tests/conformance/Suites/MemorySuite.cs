using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Device memory and the arena over it.</summary>
public abstract class MemorySuite(Tenant tenant) : ConformanceSuite(tenant)
{
    [TestMethod]
    public void Memory_is_zeroed_aligned_and_keeps_what_is_written()
    {
        using IAccelerator accelerator = OpenOne();
        using DeviceBuffer buffer = accelerator.Memory.Allocate(1 << 16, "a test");
        var tensor = new Tensor(buffer.Address, ElementType.I32, 1 << 14);
        int[] values = new int[1 << 14];
        accelerator.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        Assert.IsTrue(Array.TrueForAll(values, v => v == 0));
        Assert.AreEqual(0, buffer.Address % ActivationArena.Alignment);

        int[] written = [.. Enumerable.Range(0, values.Length)];
        accelerator.Memory.Upload(MemoryMarshal.AsBytes(written.AsSpan()), tensor);
        accelerator.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        CollectionAssert.AreEqual(written, values);
    }

    [TestMethod]
    public void Free_memory_is_a_plausible_figure()
    {
        using IAccelerator accelerator = OpenOne();
        Assert.IsGreaterThan(0, accelerator.Memory.FreeBytes);
        Assert.IsLessThanOrEqualTo(accelerator.Memory.TotalBytes, accelerator.Memory.FreeBytes);
    }

    [TestMethod]
    public void More_memory_than_there_is_is_refused_with_both_figures()
    {
        using IAccelerator accelerator = OpenOne();
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => accelerator.Memory.Allocate(1L << 50, "far too much").Dispose());
        Assert.Contains("far too much", refusal.Message);
        Assert.Contains((1L << 50).ToString("N0", null), refusal.Message);
    }

    [TestMethod]
    public void The_arena_gives_back_what_a_scope_took()
    {
        using IAccelerator accelerator = OpenOne();
        ActivationArena arena = accelerator.Ops.Arena;
        long before = arena.Used;
        using (arena.Open())
        {
            Tensor first = arena.Take(ElementType.F32, 3, 5), second = arena.Take(ElementType.F32, 7);
            Assert.AreEqual(0, second.Address % ActivationArena.Alignment);
            Assert.IsGreaterThanOrEqualTo(first.Address + 60, second.Address);
        }

        Assert.AreEqual(before, arena.Used);
    }

    [TestMethod]
    public void A_step_too_large_for_the_arena_is_refused_with_a_way_out()
    {
        using IAccelerator accelerator = OpenOne(1 << 20);
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => accelerator.Ops.Arena.Take(ElementType.F32, 1 << 20));
        Assert.Contains("--max-num-batched-tokens", refusal.Message);
    }

    [TestMethod]
    public void A_wrong_shape_is_named_before_anything_runs()
    {
        using IAccelerator accelerator = OpenOne();
        ShapeException refusal = Assert.ThrowsExactly<ShapeException>(() =>
        {
            ActivationArena arena = accelerator.Ops.Arena;
            accelerator.Ops.Relu(arena.Take(ElementType.F32, 2, 3), arena.Take(ElementType.F32, 3, 2));
        });
        Assert.Contains("Relu", refusal.Message);
        Assert.Contains("[2, 3]", refusal.Message);
        Assert.Contains("[3, 2]", refusal.Message);
    }
}
