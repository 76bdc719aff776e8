using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Four floats: SSE, Arm's AdvSIMD, and by emulation any other processor.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => Vector128<float>.Count;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* from) => Vector128.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> vector, float* into) => vector.Store(into);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.Min(a, b);

    // The native maximum is its second operand where one is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Rectify(Vector128<float> a) => Vector128.MaxNative(Vector128<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> n) =>
        ((Vector128.ConvertToInt32Native(n) + Vector128.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp(Vector128<float> a) => Vector128.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a)
    {
        Vector128<float> halves = a + Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1));
        return halves.ToScalar() + halves.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b) + Sse.UnpackHigh(a, b);
            Vector128<float> cd = Sse.UnpackLow(c, d) + Sse.UnpackHigh(c, d);
            return Sse.MoveLowToHigh(ab, cd) + Sse.MoveHighToLow(cd, ab);
        }

        return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* from, out Vector128<float> even, out Vector128<float> odd)
    {
        Vector128<float> low = Vector128.Load(from), high = Vector128.Load(from + 4);
        if (Sse.IsSupported)
        {
            even = Sse.Shuffle(low, high, 0b10_00_10_00);
            odd = Sse.Shuffle(low, high, 0b11_01_11_01);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            even = AdvSimd.Arm64.UnzipEven(low, high);
            odd = AdvSimd.Arm64.UnzipOdd(low, high);
        }
        else
        {
            even = Vector128.Create(low[0], low[2], high[0], high[2]);
            odd = Vector128.Create(low[1], low[3], high[1], high[3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(ushort* from, out Vector128<float> even, out Vector128<float> odd) =>
        Widen(Vector128.Load(from).AsUInt32(), out even, out odd);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(byte* from, out Vector128<float> even, out Vector128<float> odd)
    {
        ulong codes = BinaryPrimitives.ReadUInt64LittleEndian(MemoryMarshal.CreateReadOnlySpan(ref *from, sizeof(ulong)));
        Vector128<ushort> code = Vector128.WidenLower(Vector128.CreateScalar(codes).AsByte());
        Vector128<ushort> magnitude = code & Vector128.Create((ushort)E4M3Bits.Magnitude);
        Vector128<ushort> nan = Vector128.Equals(magnitude, Vector128.Create((ushort)E4M3Bits.Magnitude));
        Vector128<ushort> bits = (magnitude << E4M3Bits.MagnitudeShift)
            | ((code & Vector128.Create((ushort)E4M3Bits.Sign)) << E4M3Bits.SignShift)
            | (nan & Vector128.Create((ushort)E4M3Bits.NaN));
        Widen(bits.AsUInt32(), out even, out odd);
        even *= Vector128.Create(E4M3Bits.Rebias);
        odd *= Vector128.Create(E4M3Bits.Rebias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(sbyte* from, out Vector128<float> even, out Vector128<float> odd)
    {
        ulong codes = BinaryPrimitives.ReadUInt64LittleEndian(MemoryMarshal.CreateReadOnlySpan(ref *(byte*)from, sizeof(ulong)));
        Vector128<int> pairs = Vector128.WidenLower(Vector128.CreateScalar(codes).AsSByte()).AsInt32();
        even = Vector128.ConvertToSingle((pairs << 16) >> 16);
        odd = Vector128.ConvertToSingle(pairs >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(Vector128<float> even, Vector128<float> odd, float* into)
    {
        if (Sse.IsSupported)
        {
            Sse.UnpackLow(even, odd).Store(into);
            Sse.UnpackHigh(even, odd).Store(into + 4);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            AdvSimd.Arm64.ZipLow(even, odd).Store(into);
            AdvSimd.Arm64.ZipHigh(even, odd).Store(into + 4);
        }
        else
        {
            Vector128.Create(even[0], odd[0], even[1], odd[1]).Store(into);
            Vector128.Create(even[2], odd[2], even[3], odd[3]).Store(into + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector128<uint> pairs, out Vector128<float> even, out Vector128<float> odd)
    {
        even = (pairs << 16).AsSingle();
        odd = (pairs & Vector128.Create(0xFFFF0000u)).AsSingle();
    }
}
