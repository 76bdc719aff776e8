using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed class CpuMemoryTests
{
    private readonly CpuMemory _memory = new();

    [TestMethod]
    public void Allocations_are_zeroed_and_aligned()
    {
        using DeviceBuffer buffer = _memory.Allocate(1000, "a test");
        byte[] bytes = new byte[1000];
        _memory.Download(new Tensor(buffer.Address, ElementType.F8E4M3, 1000), bytes);
        Assert.AreEqual(0, buffer.Address % ActivationArena.Alignment);
        Assert.AreEqual(1000, buffer.Bytes);
        Assert.IsTrue(bytes.All(b => b == 0));
    }

    [TestMethod]
    public void What_is_uploaded_is_downloaded()
    {
        using DeviceBuffer buffer = _memory.Allocate(8, "a test");
        var tensor = new Tensor(buffer.Address, ElementType.F32, 2);
        _memory.Upload([1, 2, 3, 4, 5, 6, 7, 8], tensor);
        byte[] bytes = new byte[8];
        _memory.Download(tensor, bytes);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, bytes);
    }

    [TestMethod]
    public void A_transfer_of_another_size_is_refused()
    {
        using DeviceBuffer buffer = _memory.Allocate(8, "a test");
        ShapeException error = Assert.ThrowsExactly<ShapeException>(
            () => _memory.Upload([1, 2, 3], new Tensor(buffer.Address, ElementType.F32, 2)));
        Assert.Contains("3 bytes", error.Message);
    }

    [TestMethod]
    public void More_than_is_free_is_refused_with_purpose_and_both_figures()
    {
        DeviceMemoryException error = Assert.ThrowsExactly<DeviceMemoryException>(
            () => _memory.Allocate(1L << 50, "a cache of everything"));
        Assert.Contains("a cache of everything needs 1,125,899,906,842,624 bytes", error.Message);
        Assert.Contains("are free", error.Message);
    }

    [TestMethod]
    public void Free_memory_is_some_of_the_whole()
    {
        Assert.IsGreaterThan(0, _memory.FreeBytes);
        Assert.IsLessThanOrEqualTo(_memory.TotalBytes, _memory.FreeBytes);
    }

    [TestMethod]
    public unsafe void Poisoned_floats_are_not_numbers()
    {
        using DeviceBuffer buffer = _memory.Allocate(64, "a test");
        _memory.Poison(buffer.Address, 64);
        foreach (float value in new ReadOnlySpan<float>((void*)buffer.Address, 16))
            Assert.IsTrue(float.IsNaN(value));
    }
}
