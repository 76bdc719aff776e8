using Glm5.Backends.Ascend;
using Glm5.Backends.Ascend.Ops;
using Glm5.Backends.CpuReference;
using Glm5.Backends.CpuReference.Oracle;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Backends.Cuda;
using Glm5.Backends.Cuda.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>The backends under test. A new one adds itself here and derives every suite.</summary>
public static class TestedBackends
{
    /// <summary>What <c>--device cpu</c> runs.</summary>
    public static Tenant CpuSimd { get; } = Cpu("cpu", "CpuSimd", CpuVoice.Simd, typeof(SimdOps));

    /// <summary>The equations.</summary>
    public static Tenant CpuOracle { get; } = Cpu("cpu-oracle", "CpuOracle", CpuVoice.Oracle, typeof(OracleOps));

    /// <summary>The contract's default bodies over the SIMD primitives: what a backend runs before it fuses anything.</summary>
    public static Tenant CpuComposed { get; } =
        Cpu("cpu-composed", "CpuComposed", CpuVoice.Composed, typeof(SimdPrimitives)) with { InMatrix = false };

    /// <summary>What <c>--device ascend</c> runs: BF16 products and caches, CANN's fusions.</summary>
    public static Tenant AscendBf16 { get; } = Ascend("ascend", "AscendBf16", AscendVoice.Fused, typeof(AscendOps));

    /// <summary>The portable operators alone, in F32.</summary>
    public static Tenant AscendF32 { get; } = Ascend("ascend-f32", "AscendF32", AscendVoice.Portable, typeof(AscendPrimitives));

    /// <summary>What <c>--device cuda</c> runs: fused kernels, weights as they are stored, step graphs.</summary>
    public static Tenant CudaBf16 { get; } = Cuda("cuda", "CudaBf16", CudaVoice.Fused, typeof(CudaOps));

    /// <summary>The plain kernels alone, in F32.</summary>
    public static Tenant CudaF32 { get; } = Cuda("cuda-f32", "CudaF32", CudaVoice.Portable, typeof(CudaPrimitives));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Tenant> All { get; } = [CpuSimd, CpuOracle, CpuComposed, AscendBf16, AscendF32, CudaBf16, CudaF32];

    /// <summary>Those that the hardware matrix lists.</summary>
    public static IReadOnlyList<Tenant> InMatrix { get; } = [.. All.Where(t => t.InMatrix)];

    /// <summary>What a tenant is compared with: the oracle; the oracle itself with the default bodies.</summary>
    public static Tenant ReferenceOf(Tenant tenant) => tenant == CpuOracle ? CpuComposed : CpuOracle;

    private static Tenant Ascend(string name, string prefix, AscendVoice voice, Type ops) => new()
    {
        Name = name,
        TestPrefix = prefix,
        Ops = ops,
        Sources = "backends/ascend",
        Arithmetic = AscendArithmetic.Of(voice),
        Declared = AscendProbe.Declared(voice),
        Missing = () => CannUnderTest.Missing,
        Hurry = CannUnderTest.Hurry,
        OpenRanks = (ranks, arena) => new AscendBackend(voice, CannUnderTest.Paths).Open(new DeviceRequest(ranks, arena)),
    };

    private static Tenant Cuda(string name, string prefix, CudaVoice voice, Type ops) => new()
    {
        Name = name,
        TestPrefix = prefix,
        Ops = ops,
        Sources = "backends/cuda",
        Arithmetic = CudaArithmetic.Of(voice),
        Declared = CudaProbe.Declared(voice),
        Missing = () => CudaUnderTest.Missing,
        OpenRanks = (ranks, arena) => new CudaBackend(voice, CudaUnderTest.Paths).Open(new DeviceRequest(ranks, arena)),
    };

    private static Tenant Cpu(string name, string prefix, CpuVoice voice, Type ops) => new()
    {
        Name = name,
        TestPrefix = prefix,
        Ops = ops,
        Sources = "backends/cpu-reference",
        OpenRanks = (ranks, arena) => new CpuBackend(voice).Open(new DeviceRequest(ranks, arena, ranks)),
    };
}
