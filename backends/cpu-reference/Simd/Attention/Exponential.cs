using System.Runtime.CompilerServices;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// e^x of every lane in F32: x = n · ln 2 + r with |r| ≤ ½ ln 2, a polynomial of degree 7 in r, and 2ⁿ in two factors,
/// so that results below the normal range come out right too. Within 2 units in the last place where the result is
/// normal; 0 below −104, ∞ above 89, NaN stays NaN. The same bits for every vector width.
/// </summary>
internal static class Exponential
{
    private const float Lowest = -104f;
    private const float Highest = 89f;
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts, the first with so few bits that n times it is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Adding and subtracting 1.5 · 2²³ rounds to a whole number.
    private const float Rounder = 12582912f;

    private const float C2 = 5.0000001201e-1f, C3 = 1.6666665459e-1f, C4 = 4.1665795894e-2f;
    private const float C5 = 8.3334519073e-3f, C6 = 1.3981999507e-3f, C7 = 1.9875691500e-4f;

    /// <summary>e^x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(Lowest)), TLanes.Broadcast(Highest));
        TVector rounder = TLanes.Broadcast(Rounder);
        TVector n = TLanes.Subtract(TLanes.MultiplyAdd(x, TLanes.Broadcast(Log2E), rounder), rounder);
        TVector r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), r);
        TVector p = TLanes.MultiplyAdd(TLanes.Broadcast(C7), r, TLanes.Broadcast(C6));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(C5));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(C4));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(C3));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(C2));
        p = TLanes.Add(TLanes.MultiplyAdd(p, TLanes.Multiply(r, r), r), TLanes.Broadcast(1));
        TVector half = TLanes.Subtract(TLanes.MultiplyAdd(n, TLanes.Broadcast(0.5f), rounder), rounder);
        p = TLanes.Multiply(p, TLanes.PowerOfTwo(half));
        return TLanes.Multiply(p, TLanes.PowerOfTwo(TLanes.Subtract(n, half)));
    }
}
