using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>
/// Each width that this processor has, lane by lane. Whole suites run on narrower vectors with DOTNET_EnableAVX512=0,
/// DOTNET_EnableAVX2=0 or, without any, DOTNET_EnableHWIntrinsic=0 in the environment.
/// </summary>
[TestClass]
public sealed unsafe class SimdLanesTests
{
    private readonly Random _random = new(3);

    [TestMethod]
    public void Four_lanes_do_as_they_say() => Check<Lanes128, Vector128<float>>();

    [TestMethod]
    public void Eight_lanes_do_as_they_say()
    {
        if (!Avx2.IsSupported)
            Assert.Inconclusive("not run: no AVX2 here");
        Check<Lanes256, Vector256<float>>();
    }

    [TestMethod]
    public void Sixteen_lanes_do_as_they_say()
    {
        if (!Vector512.IsHardwareAccelerated)
            Assert.Inconclusive("not run: no AVX-512 here");
        Check<Lanes512, Vector512<float>>();
    }

    private void Check<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        Pairs_of_floats_split_and_join<TLanes, TVector>();
        Every_bf16_and_e4m3_code_is_decoded<TLanes, TVector>();
        Sums_add_halves<TLanes, TVector>();
        Tails_are_filled_with_zeros<TLanes, TVector>();
    }

    private void Pairs_of_floats_split_and_join<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* values = stackalloc float[32], joined = stackalloc float[32];
        for (int i = 0; i < 32; i++)
            values[i] = _random.NextSingle();
        TLanes.LoadPairs(values, out TVector even, out TVector odd);
        for (int lane = 0; lane < TLanes.Count; lane++)
        {
            Assert.AreEqual(values[2 * lane], Lane(ref even, lane));
            Assert.AreEqual(values[(2 * lane) + 1], Lane(ref odd, lane));
        }

        TLanes.StorePairs(even, odd, joined);
        for (int i = 0; i < 2 * TLanes.Count; i++)
            Assert.AreEqual(values[i], joined[i]);
    }

    private static void Every_bf16_and_e4m3_code_is_decoded<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ushort* halves = stackalloc ushort[32];
        byte* codes = stackalloc byte[32];
        for (int first = 0; first < 65536; first += 2 * TLanes.Count)
        {
            for (int i = 0; i < 2 * TLanes.Count; i++)
                (halves[i], codes[i]) = ((ushort)(first + i), (byte)(first + i));
            TLanes.LoadPairs(halves, out TVector even, out TVector odd);
            for (int i = 0; i < 2 * TLanes.Count; i++)
                Same(Bf16.ToFloat(halves[i]), Lane(ref i % 2 == 0 ? ref even : ref odd, i / 2));
            if (first >= 256)
                continue;
            TLanes.LoadPairs(codes, out even, out odd);
            for (int i = 0; i < 2 * TLanes.Count; i++)
                Same(Fp8E4M3.ToFloat(codes[i]), Lane(ref i % 2 == 0 ? ref even : ref odd, i / 2));
        }
    }

    private void Sums_add_halves<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* values = stackalloc float[64];
        float* expected = stackalloc float[4];
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 64; i++)
                values[i] = (_random.NextSingle() - 0.5f) * MathF.Exp(10 * _random.NextSingle());
            TVector a = TLanes.Load(values), b = TLanes.Load(values + 16);
            TVector c = TLanes.Load(values + 32), d = TLanes.Load(values + 48);
            for (int row = 0; row < 4; row++)
                expected[row] = SimdOrder.Tree(new ReadOnlySpan<float>(values + (16 * row), TLanes.Count));
            Assert.AreEqual(expected[0], TLanes.Sum(a));
            Assert.AreEqual(Vector128.Load(expected), TLanes.Sums(a, b, c, d));
        }
    }

    private static void Tails_are_filled_with_zeros<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* values = stackalloc float[16];
        new Span<float>(values, 16).Fill(7);
        for (int count = 0; count < TLanes.Count; count++)
        {
            TVector tail = Dot.LoadTail<TLanes, TVector>(values, count);
            for (int lane = 0; lane < TLanes.Count; lane++)
                Assert.AreEqual(lane < count ? 7 : 0, Lane(ref tail, lane));
        }
    }

    private static void Same(float expected, float got) => Assert.IsTrue(
        BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(got)
        || (float.IsNaN(expected) && float.IsNaN(got)),
        $"expected {expected}, got {got}");

    private static float Lane<TVector>(ref TVector vector, int lane)
        where TVector : struct => Unsafe.Add(ref Unsafe.As<TVector, float>(ref vector), lane);
}
