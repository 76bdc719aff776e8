using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>y[i] = f(x[i], z[i]) over rows of floats. The last vector is filled up with zeros, so that every element goes
/// through the same instructions, wherever in a row it stands.</summary>
internal static unsafe class Elementwise
{
    /// <summary>A function of two vectors, by lane.</summary>
    internal interface IFunction
    {
        TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct;
    }

    /// <summary>y = f(x, z), all of <paramref name="count"/> elements; y may be x or z. Where f takes one argument, z is
    /// x.</summary>
    public static void Map<TFunction>(TFunction f, float* x, float* z, float* y, long count)
        where TFunction : struct, IFunction
    {
        if (Dot.Is512)
            Map<Lanes512, Vector512<float>, TFunction>(f, x, z, y, count);
        else if (Dot.Is256)
            Map<Lanes256, Vector256<float>, TFunction>(f, x, z, y, count);
        else
            Map<Lanes128, Vector128<float>, TFunction>(f, x, z, y, count);
    }

    private static void Map<TLanes, TVector, TFunction>(TFunction f, float* x, float* z, float* y, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFunction : struct, IFunction
    {
        long i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            TLanes.Store(f.Apply<TLanes, TVector>(TLanes.Load(x + i), TLanes.Load(z + i)), y + i);
        if (i == count)
            return;
        TVector tail = f.Apply<TLanes, TVector>(
            Dot.LoadTail<TLanes, TVector>(x + i, count - i), Dot.LoadTail<TLanes, TVector>(z + i, count - i));
        ref float first = ref Unsafe.As<TVector, float>(ref tail);
        for (int j = 0; j < count - i; j++)
            y[i + j] = Unsafe.Add(ref first, j);
    }

    /// <summary>x + z.</summary>
    internal readonly struct Sum : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Add(x, z);
    }

    /// <summary>x · z.</summary>
    internal readonly struct Product : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Multiply(x, z);
    }

    /// <summary>x + c.</summary>
    internal readonly struct Plus(float c) : IFunction
    {
        private readonly float _c = c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Add(x, TLanes.Broadcast(_c));
    }

    /// <summary>x · c.</summary>
    internal readonly struct Times(float c) : IFunction
    {
        private readonly float _c = c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Multiply(x, TLanes.Broadcast(_c));
    }

    /// <summary>x + c · z.</summary>
    internal readonly struct PlusProduct(float c) : IFunction
    {
        private readonly float _c = c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.MultiplyAdd(TLanes.Broadcast(_c), z, x);
    }

    /// <summary>x / d · c.</summary>
    internal readonly struct Quotient(float d, float c) : IFunction
    {
        private readonly float _d = d, _c = c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct =>
            TLanes.Multiply(TLanes.Divide(x, TLanes.Broadcast(_d)), TLanes.Broadcast(_c));
    }

    /// <summary>z · (x · c): a normalised row times its weight.</summary>
    internal readonly struct Weighted(float c) : IFunction
    {
        private readonly float _c = c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Multiply(z, TLanes.Multiply(x, TLanes.Broadcast(_c)));
    }

    /// <summary>max(x, 0).</summary>
    internal readonly struct Rectified : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct => TLanes.Max(x, TLanes.Zero);
    }

    /// <summary>1 / (1 + e^−x).</summary>
    internal readonly struct Sigmoid : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            TVector one = TLanes.Broadcast(1);
            return TLanes.Divide(one, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(TLanes.Zero, x))));
        }
    }

    /// <summary>silu(x) · z = x / (1 + e^−x) · z.</summary>
    internal readonly struct SiluTimes : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            TVector grown = TLanes.Add(TLanes.Broadcast(1), TLanes.Exp(TLanes.Subtract(TLanes.Zero, x)));
            return TLanes.Multiply(TLanes.Divide(x, grown), z);
        }
    }

    /// <summary>e^(c · x − m).</summary>
    internal readonly struct Exponential(float c, float m) : IFunction
    {
        private readonly float _c = c, _m = m;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector x, TVector z)
            where TLanes : struct, ILanes<TVector>
            where TVector : struct =>
            TLanes.Exp(TLanes.Subtract(TLanes.Multiply(x, TLanes.Broadcast(_c)), TLanes.Broadcast(_m)));
    }
}
