using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Eight floats: AVX2.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => Vector256<float>.Count;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> vector, float* into) => vector.Store(into);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.Min(a, b);

    // The native maximum is its second operand where one is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Rectify(Vector256<float> a) => Vector256.MaxNative(Vector256<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> n) =>
        ((Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> a) => Vector256.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a) => Lanes128.Sum(Halves(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) =>
        Lanes128.Sums(Halves(a), Halves(b), Halves(c), Halves(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* from, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<float> low = Vector256.Load(from), high = Vector256.Load(from + 8);
        Vector256<float> evens = Avx.Shuffle(low, high, 0b10_00_10_00), odds = Avx.Shuffle(low, high, 0b11_01_11_01);
        even = Avx2.Permute4x64(evens.AsDouble(), 0b11_01_10_00).AsSingle();
        odd = Avx2.Permute4x64(odds.AsDouble(), 0b11_01_10_00).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(ushort* from, out Vector256<float> even, out Vector256<float> odd) =>
        Widen(Vector256.Load(from).AsUInt32(), out even, out odd);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(byte* from, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<ushort> code = Avx2.ConvertToVector256Int16(Vector128.Load(from)).AsUInt16();
        Vector256<ushort> magnitude = code & Vector256.Create((ushort)E4M3Bits.Magnitude);
        Vector256<ushort> nan = Vector256.Equals(magnitude, Vector256.Create((ushort)E4M3Bits.Magnitude));
        Vector256<ushort> bits = (magnitude << E4M3Bits.MagnitudeShift)
            | ((code & Vector256.Create((ushort)E4M3Bits.Sign)) << E4M3Bits.SignShift)
            | (nan & Vector256.Create((ushort)E4M3Bits.NaN));
        Widen(bits.AsUInt32(), out even, out odd);
        even *= Vector256.Create(E4M3Bits.Rebias);
        odd *= Vector256.Create(E4M3Bits.Rebias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(sbyte* from, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<int> pairs = Avx2.ConvertToVector256Int16(Vector128.Load(from)).AsInt32();
        even = Vector256.ConvertToSingle((pairs << 16) >> 16);
        odd = Vector256.ConvertToSingle(pairs >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(Vector256<float> even, Vector256<float> odd, float* into)
    {
        Vector256<float> low = Avx.UnpackLow(even, odd), high = Avx.UnpackHigh(even, odd);
        Avx.Permute2x128(low, high, 0x20).Store(into);
        Avx.Permute2x128(low, high, 0x31).Store(into + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halves(Vector256<float> a) => a.GetLower() + a.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<uint> pairs, out Vector256<float> even, out Vector256<float> odd)
    {
        even = (pairs << 16).AsSingle();
        odd = (pairs & Vector256.Create(0xFFFF0000u)).AsSingle();
    }
}
