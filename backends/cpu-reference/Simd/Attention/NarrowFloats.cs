using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Many floats to BF16 or E4M3 and back, to the bit what <see cref="Bf16"/> and <see cref="Fp8E4M3"/> say of each.
/// Decoding is what a step does for every row it reads, and has all widths; encoding happens once a token and layer.
/// </summary>
internal static unsafe class NarrowFloats
{
    // E4M3 of 2^-6 and more: BF16's exponent less the difference of biases, and three bits of mantissa.
    private const uint Rebias = (127 - 7) << 3;
    private const int MantissaShift = 20;
    private const float LeastNormal = 1f / 64;

    // Adding it leaves a whole number of 2^-9, E4M3's least step, in the last bits of the sum.
    private const float Steps = 16384;

    /// <summary>into[i] = the value of from[i].</summary>
    public static void DecodeBf16(ushort* from, int count, float* into)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
            i = DecodeBf16<Lanes512, Vector512<float>>(from, i, count, into);
        if (Vector256.IsHardwareAccelerated)
            i = DecodeBf16<Lanes256, Vector256<float>>(from, i, count, into);
        i = DecodeBf16<Lanes128, Vector128<float>>(from, i, count, into);
        for (; i < count; i++)
            into[i] = Bf16.ToFloat(from[i]);
    }

    /// <summary>into[i] = scale · the value of from[i].</summary>
    public static void DecodeE4M3(byte* from, float scale, int count, float* into)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
            i = DecodeE4M3<Lanes512, Vector512<float>>(from, scale, i, count, into);
        if (Vector256.IsHardwareAccelerated)
            i = DecodeE4M3<Lanes256, Vector256<float>>(from, scale, i, count, into);
        i = DecodeE4M3<Lanes128, Vector128<float>>(from, scale, i, count, into);
        for (; i < count; i++)
            into[i] = Fp8E4M3.ToFloat(from[i]) * scale;
    }

    /// <summary>max |x[i]|; NaN where one is NaN.</summary>
    public static float LargestMagnitude(float* x, int count)
    {
        Vector128<float> largest = Vector128<float>.Zero;
        int i = 0;
        for (; i + 4 <= count; i += 4)
            largest = Vector128.Max(largest, Vector128.Abs(Vector128.Load(x + i)));
        float last = MathF.Max(MathF.Max(largest[0], largest[1]), MathF.Max(largest[2], largest[3]));
        for (; i < count; i++)
            last = MathF.Max(last, MathF.Abs(x[i]));
        return last;
    }

    /// <summary>into[i] = x[i] rounded to BF16.</summary>
    public static void EncodeBf16(float* x, int count, ushort* into)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            Vector128.Narrow(RoundToBf16(Vector128.Load(x + i)), RoundToBf16(Vector128.Load(x + i + 4))).Store(into + i);
        for (; i < count; i++)
            into[i] = Bf16.FromFloat(x[i]);
    }

    /// <summary>into[i] = x[i] / scale rounded to E4M3, saturating.</summary>
    public static void EncodeE4M3(float* x, float scale, int count, byte* into)
    {
        var divisor = Vector128.Create(scale);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector128<ushort> low = Vector128.Narrow(
                RoundToE4M3(Vector128.Load(x + i) / divisor), RoundToE4M3(Vector128.Load(x + i + 4) / divisor));
            Vector128<ushort> high = Vector128.Narrow(
                RoundToE4M3(Vector128.Load(x + i + 8) / divisor), RoundToE4M3(Vector128.Load(x + i + 12) / divisor));
            Vector128.Narrow(low, high).Store(into + i);
        }

        for (; i < count; i++)
            into[i] = Fp8E4M3.FromFloat(x[i] / scale);
    }

    private static int DecodeBf16<TLanes, TVector>(ushort* from, int i, int count, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (; i + (2 * TLanes.Count) <= count; i += 2 * TLanes.Count)
        {
            TLanes.LoadPairs(from + i, out TVector even, out TVector odd);
            TLanes.StorePairs(even, odd, into + i);
        }

        return i;
    }

    private static int DecodeE4M3<TLanes, TVector>(byte* from, float scale, int i, int count, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector factor = TLanes.Broadcast(scale);
        for (; i + (2 * TLanes.Count) <= count; i += 2 * TLanes.Count)
        {
            TLanes.LoadPairs(from + i, out TVector even, out TVector odd);
            TLanes.StorePairs(TLanes.Multiply(even, factor), TLanes.Multiply(odd, factor), into + i);
        }

        return i;
    }

    /// <summary>Adds just under half of what is cut off, and one more where the last bit that stays is odd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RoundToBf16(Vector128<float> x)
    {
        Vector128<uint> bits = x.AsUInt32(), odd = (bits >> 16) & Vector128<uint>.One;
        Vector128<uint> rounded = (bits + Vector128.Create(0x7FFFu) + odd) >> 16;
        Vector128<uint> nan = (bits >> 16) | Vector128.Create(0x40u);
        return Vector128.ConditionalSelect(Vector128.Equals(x, x).AsUInt32(), rounded, nan);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RoundToE4M3(Vector128<float> x)
    {
        Vector128<uint> sign = (x.AsUInt32() >> 24) & Vector128.Create((uint)E4M3Bits.Sign);
        Vector128<float> magnitude = Vector128.Min(Vector128.Abs(x), Vector128.Create(Fp8E4M3.Largest));
        Vector128<uint> bits = magnitude.AsUInt32(), odd = (bits >> MantissaShift) & Vector128<uint>.One;
        Vector128<uint> normal = ((bits + Vector128.Create(0x7_FFFFu) + odd) >> MantissaShift) - Vector128.Create(Rebias);
        var steps = Vector128.Create(Steps);
        Vector128<uint> small = (magnitude + steps).AsUInt32() - steps.AsUInt32();
        Vector128<uint> isSmall = Vector128.LessThan(magnitude, Vector128.Create(LeastNormal)).AsUInt32();
        Vector128<uint> code = Vector128.ConditionalSelect(isSmall, small, normal) | sign;
        // The plain rounding knows one NaN.
        return Vector128.ConditionalSelect(Vector128.Equals(x, x).AsUInt32(), code, Vector128.Create((uint)E4M3Bits.Magnitude));
    }
}
