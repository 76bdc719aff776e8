using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Core.Verification;

/// <summary>
/// Seeded random tensors and weights on one rank, and their host copies, for suites that call operations.
/// </summary>
public sealed class OpBench : IDisposable
{
    private readonly Random _random;
    private readonly List<IDisposable> _owned = [];

    /// <summary>A bench on an accelerator, which it owns.</summary>
    public OpBench(IAccelerator accelerator, int seed)
    {
        (Accelerator, _random) = (accelerator, new Random(seed));
        _owned.Add(accelerator);
    }

    /// <summary>The rank under test.</summary>
    public IAccelerator Accelerator { get; }

    /// <summary>Its operations.</summary>
    public BlockOps Ops => Accelerator.Ops;

    /// <summary>Uninitialised activations.</summary>
    public Tensor Empty(long d0, long d1 = -1, long d2 = -1) => Ops.Arena.Take(ElementType.F32, d0, d1, d2);

    /// <summary>Uninitialised integers.</summary>
    public Tensor EmptyInts(long d0, long d1 = -1) => Ops.Arena.Take(ElementType.I32, d0, d1);

    /// <summary>Random activations in (-scale, scale).</summary>
    public Tensor Random(float scale, long d0, long d1 = -1, long d2 = -1)
    {
        Tensor tensor = Empty(d0, d1, d2);
        Upload(Values(tensor.Count, scale), tensor);
        return tensor;
    }

    /// <summary>Given activations, dense.</summary>
    public Tensor Of(float[] values, long d0, long d1 = -1, long d2 = -1)
    {
        Tensor tensor = Empty(d0, d1, d2);
        Upload(values, tensor);
        return tensor;
    }

    /// <summary>Given integers.</summary>
    public Tensor Of(int[] values, long d0, long d1 = -1)
    {
        Tensor tensor = EmptyInts(d0, d1);
        Accelerator.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    /// <summary>A dense tensor's floats.</summary>
    public float[] Floats(Tensor tensor)
    {
        var values = new float[tensor.Count];
        Accelerator.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>A dense tensor's integers.</summary>
    public int[] Integers(Tensor tensor)
    {
        var values = new int[tensor.Count];
        Accelerator.Memory.Download(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Random host values in (-scale, scale).</summary>
    public float[] Values(long count, float scale)
    {
        var values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = scale * ((2 * _random.NextSingle()) - 1);
        return values;
    }

    /// <summary>
    /// A stored matrix of random values of magnitude about 1 / sqrt(columns), kept alive with the bench.
    /// </summary>
    public WeightSource Weight(ElementType type, long rows, long columns)
    {
        float[] values = Values(rows * columns, 1.7f / MathF.Sqrt(columns));
        return type switch
        {
            ElementType.F32 => Stored(type, Pin(values), rows, columns, null),
            ElementType.BF16 => Stored(type, Pin(Array.ConvertAll(values, ToBf16)), rows, columns, null),
            ElementType.F8E4M3 => StoredFp8(rows, columns),
            ElementType.I8 => StoredI8(rows, columns),
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };
    }

    /// <summary>A stored F32 vector of values about <paramref name="mean"/>.</summary>
    public WeightSource VectorWeight(long length, float mean, float spread) => Stored(
        ElementType.F32, Pin(Array.ConvertAll(Values(length, spread), v => mean + v)), 1, length, null);

    /// <summary>Packs one part.</summary>
    public PackedWeight Pack(WeightSource part, WeightRole role) => Pack([part], role);

    /// <summary>Packs parts; the bench disposes the result.</summary>
    public PackedWeight Pack(WeightSource[] parts, WeightRole role)
    {
        PackedWeight packed = Accelerator.Pack(parts, role);
        _owned.Insert(0, packed);
        return packed;
    }

    /// <summary>A stored matrix as floats, row by row.</summary>
    public static float[] Decode(WeightSource weight)
    {
        var values = new float[weight.Rows * weight.Columns];
        for (int r = 0; r < weight.Rows; r++)
            weight.Decode(r, 0, values.AsSpan((int)(r * weight.Columns), (int)weight.Columns));
        return values;
    }

    /// <summary>Random integer below a bound.</summary>
    public int Next(int below) => _random.Next(below);

    /// <summary>A cache on the accelerator; the bench disposes it.</summary>
    public KvStore Kv(KvSpec spec, int blocks)
    {
        KvStore kv = Accelerator.CreateKvStore(spec, blocks);
        _owned.Insert(0, kv);
        return kv;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }

    private WeightSource StoredFp8(long rows, long columns)
    {
        var codes = new byte[rows * columns];
        _random.NextBytes(codes);
        for (int i = 0; i < codes.Length; i++)
            codes[i] = (codes[i] & 0x7F) == 0x7F ? (byte)0 : codes[i];
        long scaleColumns = (columns + 127) / 128;
        float[] scales = Array.ConvertAll(Values((rows + 127) / 128 * scaleColumns, 1), v => (1.5f + v) * 0.01f / MathF.Sqrt(columns));
        return Stored(ElementType.F8E4M3, Pin(codes), rows, columns, new BlockScales(Pin(scales), 128, 128, scaleColumns));
    }

    private WeightSource StoredI8(long rows, long columns)
    {
        var codes = new byte[rows * columns];
        _random.NextBytes(codes);
        float[] scales = Array.ConvertAll(Values(rows, 1), v => (1.5f + v) * 0.01f / MathF.Sqrt(columns));
        return Stored(ElementType.I8, Pin(codes), rows, columns, new BlockScales(Pin(scales), 1, ChannelScaled.AllColumns, 1));
    }

    private static WeightSource Stored(ElementType type, nint address, long rows, long columns, BlockScales? scales) => new()
    {
        Name = $"random.{type}.{rows}x{columns}",
        Type = type,
        Address = address,
        Rows = rows,
        Columns = columns,
        RowStride = columns,
        Scales = scales,
    };

    private static ushort ToBf16(float value) => Bf16.FromFloat(value);

    private void Upload(float[] values, Tensor tensor) =>
        Accelerator.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);

    private nint Pin(Array values)
    {
        var pinned = new Pinned(values);
        _owned.Add(pinned);
        return pinned.Address;
    }

    private sealed class Pinned(Array values) : IDisposable
    {
        private GCHandle _handle = GCHandle.Alloc(values, GCHandleType.Pinned);

        public nint Address => _handle.AddrOfPinnedObject();

        public void Dispose() => _handle.Free();
    }
}
