using System.Runtime.CompilerServices;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>A stored number format, as kernels read it.</summary>
internal unsafe interface IFormat
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether values are codes times the scale of their block.</summary>
    static abstract bool IsScaled { get; }

    /// <summary>2 · lanes elements, the even ones and the odd ones, without their scale.</summary>
    static abstract void LoadPairs<TLanes, TVector>(byte* from, out TVector even, out TVector odd)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;
}

/// <summary>Binary32.</summary>
internal readonly unsafe struct F32Format : IFormat
{
    public static int Bytes => sizeof(float);

    public static bool IsScaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs<TLanes, TVector>(byte* from, out TVector even, out TVector odd)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.LoadPairs((float*)from, out even, out odd);
}

/// <summary>bfloat16.</summary>
internal readonly unsafe struct BF16Format : IFormat
{
    public static int Bytes => sizeof(ushort);

    public static bool IsScaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs<TLanes, TVector>(byte* from, out TVector even, out TVector odd)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.LoadPairs((ushort*)from, out even, out odd);
}

/// <summary>E4M3 with a scale for each block.</summary>
internal readonly unsafe struct E4M3Format : IFormat
{
    public static int Bytes => 1;

    public static bool IsScaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs<TLanes, TVector>(byte* from, out TVector even, out TVector odd)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.LoadPairs(from, out even, out odd);
}

/// <summary>8-bit integers with a scale for each row.</summary>
internal readonly unsafe struct I8Format : IFormat
{
    public static int Bytes => 1;

    public static bool IsScaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs<TLanes, TVector>(byte* from, out TVector even, out TVector odd)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.LoadPairs((sbyte*)from, out even, out odd);
}
