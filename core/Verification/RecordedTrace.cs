using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>Keeps every value of a step that a backend reports, as rows on the host.</summary>
public sealed class RecordedTrace(DeviceMemoryReader memory) : StepTrace
{
    private readonly Dictionary<(TracePoint, int), List<float[]>> _floats = [];
    private readonly Dictionary<(TracePoint, int), List<int[]>> _integers = [];

    /// <summary>The rows reported for a point and layer.</summary>
    public float[][] Floats(TracePoint point, int layer) => [.. _floats.GetValueOrDefault((point, layer), [])];

    /// <inheritdoc cref="Floats"/>
    public int[][] Integers(TracePoint point, int layer) => [.. _integers.GetValueOrDefault((point, layer), [])];

    /// <inheritdoc/>
    public override void Record(TracePoint point, int layer, Tensor value)
    {
        for (long r = 0; r < value.Rows; r++)
        {
            Tensor row = value.Rank == 1 ? value : value.Slice(r, 1);
            if (value.Type == ElementType.I32)
                Add(_integers, (point, layer), memory.Read<int>(row));
            else
                Add(_floats, (point, layer), memory.Read<float>(row));
        }
    }

    private static void Add<T>(Dictionary<(TracePoint, int), List<T[]>> rows, (TracePoint, int) key, T[] row)
    {
        if (!rows.TryGetValue(key, out List<T[]>? list))
            rows[key] = list = [];
        list.Add(row);
    }
}

/// <summary>Reads device tensors to arrays.</summary>
public sealed class DeviceMemoryReader(DeviceMemory memory)
{
    /// <summary>All elements of a dense tensor.</summary>
    public T[] Read<T>(Tensor tensor)
        where T : unmanaged
    {
        var values = new T[tensor.Count];
        memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
