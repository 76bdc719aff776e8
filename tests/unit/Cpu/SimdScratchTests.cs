using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>What kernels take beside the arena: bounded, and sound when there is no more.</summary>
[TestClass]
public sealed unsafe class SimdScratchTests
{
    private const int Columns = 512, Outputs = 3;
    private const long MostScratchBytes = 32 << 20;

    [TestMethod]
    public void Scratch_that_could_not_grow_gives_other_memory_the_next_time()
    {
        var memory = new WatchedMemory();
        using var scratch = new Scratch(memory);
        scratch.Floats(100);
        memory.IsFull = true;
        Assert.ThrowsExactly<DeviceMemoryException>(() => _ = (nint)scratch.Floats(10_000));
        Assert.ThrowsExactly<DeviceMemoryException>(() => _ = (nint)scratch.Floats(100));
        memory.IsFull = false;
        new Span<float>(scratch.Floats(100), 100).Fill(1);
        Assert.AreEqual(2, memory.Allocations);
    }

    [TestMethod]
    public void Products_a_head_of_many_tokens_take_bounded_scratch()
    {
        const int Heads = 32, Tokens = 600;
        using var rank = new WatchedRank();
        WeightSource[] parts = Parts(Heads);
        using PackedWeight weight = CpuPackedWeight.Pack(rank.Memory, parts, WeightRole.ValueUp, 1);
        Tensor x = rank.Values(Tokens, Heads, Columns), into = rank.Arena.Take(ElementType.F32, Tokens, Heads, Outputs);
        rank.Memory.Largest = 0;
        rank.Ops.MatMulPerHead(x, weight, into);
        Assert.IsLessThanOrEqualTo(MostScratchBytes, rank.Memory.Largest);
        for (int row = 0; row < Tokens * Heads; row += 31)
            Check(x, into, row, parts[row % Heads]);
    }

    [TestMethod]
    public void Products_an_expert_of_many_rows_take_bounded_scratch()
    {
        const int Rows = 20_000;
        int[] offsets = [0, 7, 19_000, 19_000, Rows];
        using var rank = new WatchedRank();
        WeightSource[] parts = Parts(offsets.Length - 1);
        using PackedWeight weight = CpuPackedWeight.Pack(rank.Memory, parts, WeightRole.RowParallel, 1);
        Tensor x = rank.Values(Rows, Columns), into = rank.Arena.Take(ElementType.F32, Rows, Outputs);
        Tensor first = rank.Arena.Take(ElementType.I32, offsets.Length);
        rank.Memory.Upload(MemoryMarshal.AsBytes(offsets.AsSpan()), first);
        rank.Memory.Largest = 0;
        rank.Ops.MatMulPerExpert(x, weight, first, into);
        Assert.IsLessThanOrEqualTo(MostScratchBytes, rank.Memory.Largest);
        for (int row = 0; row < Rows; row += row < 10 ? 1 : 37)
            Check(x, into, row, parts[row < 7 ? 0 : row < 19_000 ? 1 : 3]);
    }

    private static WeightSource[] Parts(int count) =>
        [.. Enumerable.Range(0, count).Select(i => StoredMatrix.Make(ElementType.BF16, Outputs, Columns, i))];

    private static void Check(Tensor x, Tensor into, long row, WeightSource weight)
    {
        var values = new ReadOnlySpan<float>((float*)x.Address + (row * Columns), Columns);
        for (int i = 0; i < Outputs; i++)
        {
            float got = ((float*)into.Address)[(row * Outputs) + i];
            Assert.AreEqual(SimdOrder.StoredProduct(values, weight, i), got, $"row {row}, output {i}");
        }
    }

    /// <summary>The primitives over watched memory.</summary>
    private sealed class WatchedRank : IDisposable
    {
        private readonly WorkerTeam _team = new(2);
        private readonly SimdPrimitives _ops;

        public WatchedRank()
        {
            Arena = new ActivationArena(Memory, 48 << 20);
            _ops = new SimdPrimitives(Memory, Arena, new InProcessCollectives(new CpuGroup(1), 0), _team);
        }

        public WatchedMemory Memory { get; } = new();

        public ActivationArena Arena { get; }

        public PrimitiveOps Ops => _ops;

        public Tensor Values(long d0, long d1, long d2 = -1)
        {
            Tensor tensor = Arena.Take(ElementType.F32, d0, d1, d2);
            Memory.Upload(MemoryMarshal.AsBytes(SimdRank.Values((int)tensor.Count, 1).AsSpan()), tensor);
            return tensor;
        }

        public void Dispose()
        {
            _ops.Dispose();
            _team.Dispose();
            Arena.Dispose();
        }
    }
}
