using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// One width of vector instructions, so that each kernel is written once: <typeparamref name="TVector"/> is a vector of
/// <see cref="Count"/> floats. Kernels are generic over an implementation and are compiled for each without any call left.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TVector Zero { get; }

    /// <summary>All lanes the same.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>Count floats; any alignment.</summary>
    static abstract TVector Load(float* from);

    /// <summary>Writes Count floats; any alignment.</summary>
    static abstract void Store(TVector vector, float* into);

    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>a − b.</summary>
    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>a · b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a / b.</summary>
    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>The larger of a and b; NaN where either is.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The smaller of a and b; NaN where either is.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>a where it is above 0, else 0; NaN where it is NaN.</summary>
    static abstract TVector Rectify(TVector a);

    /// <summary>2ⁿ of whole n from −126 to 127; NaN gives anything.</summary>
    static abstract TVector PowerOfTwo(TVector n);

    /// <summary>a · b + c, rounded once where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>e^a.</summary>
    static abstract TVector Exp(TVector a);

    /// <summary>The sum of all lanes, halves added until one lane is left.</summary>
    static abstract float Sum(TVector a);

    /// <summary>The sums of four vectors, each in the order of <see cref="Sum"/>.</summary>
    static abstract Vector128<float> Sums(TVector a, TVector b, TVector c, TVector d);

    /// <summary>2 · Count floats, the even ones and the odd ones.</summary>
    static abstract void LoadPairs(float* from, out TVector even, out TVector odd);

    /// <summary>2 · Count BF16 values, the even ones and the odd ones.</summary>
    static abstract void LoadPairs(ushort* from, out TVector even, out TVector odd);

    /// <summary>2 · Count E4M3 codes, the even ones and the odd ones, without their scale.</summary>
    static abstract void LoadPairs(byte* from, out TVector even, out TVector odd);

    /// <summary>2 · Count 8-bit integers, the even ones and the odd ones, without their scale.</summary>
    static abstract void LoadPairs(sbyte* from, out TVector even, out TVector odd);

    /// <summary>Writes 2 · Count floats, even and odd ones by turns.</summary>
    static abstract void StorePairs(TVector even, TVector odd, float* into);
}
