using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> vector, float* into) => vector.Store(into);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.Min(a, b);

    // The native maximum is its second operand where one is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Rectify(Vector512<float> a) => Vector512.MaxNative(Vector512<float>.Zero, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> n) =>
        ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> a) => Vector512.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> a) => Lanes256.Sum(Halves(a));

    /// <summary>Halves of two vectors are joined before they are added: no addition works on half a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        const byte LowerHalves = 0b01_00_01_00, UpperHalves = 0b11_10_11_10, Evens = 0b10_00_10_00, Odds = 0b11_01_11_01;
        const byte OtherPair = 0b01_00_11_10, Neighbour = 0b10_11_00_01;
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, LowerHalves) + Avx512F.Shuffle4x128(a, b, UpperHalves);
        Vector512<float> cd = Avx512F.Shuffle4x128(c, d, LowerHalves) + Avx512F.Shuffle4x128(c, d, UpperHalves);
        Vector512<float> quarters = Avx512F.Shuffle4x128(ab, cd, Evens) + Avx512F.Shuffle4x128(ab, cd, Odds);
        Vector512<float> pairs = quarters + Avx512F.Permute4x32(quarters, OtherPair);
        Vector512<float> sums = pairs + Avx512F.Permute4x32(pairs, Neighbour);
        Vector512<int> quarterHeads = Vector512.Create(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
        return Avx512F.PermuteVar16x32(sums, quarterHeads).GetLower().GetLower();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* from, out Vector512<float> even, out Vector512<float> odd)
    {
        Vector512<float> low = Vector512.Load(from), high = Vector512.Load(from + 16);
        Vector512<int> evens = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        even = Avx512F.PermuteVar16x32x2(low, evens, high);
        odd = Avx512F.PermuteVar16x32x2(low, evens + Vector512<int>.One, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(ushort* from, out Vector512<float> even, out Vector512<float> odd) =>
        Widen(Vector512.Load(from).AsUInt32(), out even, out odd);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(byte* from, out Vector512<float> even, out Vector512<float> odd)
    {
        Vector512<ushort> code = Avx512BW.ConvertToVector512UInt16(Vector256.Load(from));
        Vector512<ushort> magnitude = code & Vector512.Create((ushort)E4M3Bits.Magnitude);
        Vector512<ushort> nan = Vector512.Equals(magnitude, Vector512.Create((ushort)E4M3Bits.Magnitude));
        Vector512<ushort> bits = (magnitude << E4M3Bits.MagnitudeShift)
            | ((code & Vector512.Create((ushort)E4M3Bits.Sign)) << E4M3Bits.SignShift)
            | (nan & Vector512.Create((ushort)E4M3Bits.NaN));
        Widen(bits.AsUInt32(), out even, out odd);
        even *= Vector512.Create(E4M3Bits.Rebias);
        odd *= Vector512.Create(E4M3Bits.Rebias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(sbyte* from, out Vector512<float> even, out Vector512<float> odd)
    {
        Vector512<int> pairs = Avx512BW.ConvertToVector512Int16(Vector256.Load(from)).AsInt32();
        even = Vector512.ConvertToSingle((pairs << 16) >> 16);
        odd = Vector512.ConvertToSingle(pairs >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(Vector512<float> even, Vector512<float> odd, float* into)
    {
        Vector512<int> first = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        Avx512F.PermuteVar16x32x2(even, first, odd).Store(into);
        Avx512F.PermuteVar16x32x2(even, first + Vector512.Create(8), odd).Store(into + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(Vector512<float> a) => a.GetLower() + a.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector512<uint> pairs, out Vector512<float> even, out Vector512<float> odd)
    {
        even = (pairs << 16).AsSingle();
        odd = (pairs & Vector512.Create(0xFFFF0000u)).AsSingle();
    }
}
