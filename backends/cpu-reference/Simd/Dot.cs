using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The one order in which this voice sums over K (design 7), with W lanes of the widest vectors the processor has: one
/// accumulator of W lanes, steps of K ascending, lanes added by halves at the end; the last step is filled up with zeros.
/// Between activations a step is W neighbours, lane j taking element j. Against a stored weight a step is 2 · W neighbours,
/// the even ones first, then the odd ones, lane j taking elements 2j and 2j + 1: BF16 splits into these with a shift and a
/// mask. All formats keep this order, and so do rows alone (GEMV), tiles of them (GEMM) and panels decoded before.
/// </summary>
internal static unsafe class Dot
{
    /// <summary>Floats in a vector here.</summary>
    public static int Lanes => Is512 ? Lanes512.Count : Is256 ? Lanes256.Count : Lanes128.Count;

    /// <summary>Whether kernels run on <see cref="Lanes512"/>.</summary>
    public static bool Is512 => Vector512.IsHardwareAccelerated;

    /// <summary>Whether kernels run on <see cref="Lanes256"/>, if not on <see cref="Lanes512"/>; the rest run on
    /// <see cref="Lanes128"/>.</summary>
    public static bool Is256 => Avx2.IsSupported;

    /// <summary>Σ a[k] · b[k] of two rows of activations.</summary>
    public static float Product(float* a, float* b, long count) =>
        Is512 ? Product<Lanes512, Vector512<float>>(a, b, count)
        : Is256 ? Product<Lanes256, Vector256<float>>(a, b, count)
        : Product<Lanes128, Vector128<float>>(a, b, count);

    /// <summary>The canonical order itself: tiles of several rows keep to it row by row.</summary>
    public static float Product<TLanes, TVector>(float* a, float* b, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        long k = 0;
        for (; k + TLanes.Count <= count; k += TLanes.Count)
            sum = TLanes.MultiplyAdd(TLanes.Load(a + k), TLanes.Load(b + k), sum);
        if (k < count)
        {
            TVector left = LoadTail<TLanes, TVector>(a + k, count - k), right = LoadTail<TLanes, TVector>(b + k, count - k);
            sum = TLanes.MultiplyAdd(left, right, sum);
        }

        return TLanes.Sum(sum);
    }

    /// <summary>The last <paramref name="count"/> floats of a row, fewer than a vector, with zeros behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LoadTail<TLanes, TVector>(float* from, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector padded = TLanes.Zero;
        ref float first = ref Unsafe.As<TVector, float>(ref padded);
        for (int i = 0; i < count; i++)
            Unsafe.Add(ref first, i) = from[i];
        return padded;
    }
}
