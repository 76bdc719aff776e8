using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>One rank of the vector backend, or of the oracle to compare it with, and random values for it.</summary>
internal sealed class SimdRank(int threads, CpuVoice voice = CpuVoice.Simd) : IDisposable
{
    private const long ArenaBytes = 64 << 20;

    private readonly IAccelerator _rank = new CpuBackend(voice).Open(new DeviceRequest(1, ArenaBytes, threads))[0];

    public BlockOps Ops => _rank.Ops;

    public PackedWeight Pack(WeightRole role, params WeightSource[] parts) => _rank.Pack(parts, role);

    /// <summary>x · Wᵀ.</summary>
    public float[] MatMul(float[] x, PackedWeight weight)
    {
        using ActivationArena.Scope scope = Ops.Arena.Open();
        long rows = x.Length / weight.Columns;
        Tensor into = Ops.Arena.Take(ElementType.F32, rows, weight.Rows);
        Ops.MatMul(Upload(x, rows), weight, into);
        return Download(into);
    }

    public Tensor Upload(float[] values, long rows)
    {
        Tensor tensor = Ops.Arena.Take(ElementType.F32, rows, values.Length / rows);
        _rank.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    public Tensor Upload(int[] values, long rows)
    {
        Tensor tensor = Ops.Arena.Take(ElementType.I32, rows, values.Length / rows);
        _rank.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    public float[] Download(Tensor tensor)
    {
        var values = new float[tensor.Count];
        _rank.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (random.NextSingle() * 2) - 1;
        return values;
    }

    public void Dispose() => _rank.Dispose();
}
