using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>A group of oracle ranks, and the traffic between their tensors and arrays.</summary>
internal sealed class CpuRanks : IDisposable
{
    private const long ArenaBytes = 64 << 20;

    public CpuRanks(int count) => All = new CpuBackend(CpuVoice.Oracle).Open(new DeviceRequest(count, ArenaBytes));

    public IReadOnlyList<IAccelerator> All { get; }

    public IAccelerator First => All[0];

    public void Dispose()
    {
        foreach (IAccelerator rank in All)
            rank.Dispose();
    }

    /// <summary>Runs a body on every rank's own thread; fails with the first rank's failure.</summary>
    public void Run(Action<IAccelerator> body) => Parallel(All.Count, rank =>
    {
        try
        {
            body(All[rank]);
        }
        catch (Exception e)
        {
            All[rank].Collectives.Abort(e.Message);
            throw;
        }
    });

    /// <summary>Runs a body on that many threads of its own and waits for all.</summary>
    public static void Parallel(int count, Action<int> body)
    {
        var threads = new Thread[count];
        var failures = new Exception?[count];
        for (int i = 0; i < count; i++)
        {
            int rank = i;
            threads[i] = new Thread(() => failures[rank] = Caught(() => body(rank))) { IsBackground = true };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
            Assert.IsTrue(thread.Join(TimeSpan.FromSeconds(60)), "a rank still waits after a minute");
        if (Array.Find(failures, static f => f is not null) is { } failure)
            throw new InvalidOperationException($"a rank failed: {failure.Message}", failure);
    }

    public static Tensor Floats(IAccelerator rank, long rows, params float[] values)
    {
        Tensor tensor = rank.Ops.Arena.Take(ElementType.F32, rows, values.Length / rows);
        rank.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    public static Tensor Ints(IAccelerator rank, params int[] values)
    {
        Tensor tensor = rank.Ops.Arena.Take(ElementType.I32, values.Length);
        rank.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    public static float[] Read(IAccelerator rank, Tensor tensor)
    {
        float[] values = new float[tensor.Count];
        rank.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static int[] ReadInts(IAccelerator rank, Tensor tensor)
    {
        int[] values = new int[tensor.Count];
        rank.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static PackedWeight Vector(IAccelerator rank, params float[] values) =>
        rank.Pack([StoredMatrix.F32("vector", 1, values)], WeightRole.Vector);

    private static Exception? Caught(Action body)
    {
        try
        {
            body();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
