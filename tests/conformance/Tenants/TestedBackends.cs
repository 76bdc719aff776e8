using Glm5.Backends.CpuReference;
using Glm5.Backends.CpuReference.Oracle;
using Glm5.Backends.CpuReference.Simd;
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

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Tenant> All { get; } = [CpuSimd, CpuOracle, CpuComposed];

    /// <summary>Those that the hardware matrix lists.</summary>
    public static IReadOnlyList<Tenant> InMatrix { get; } = [.. All.Where(t => t.InMatrix)];

    /// <summary>What a tenant is compared with: the oracle; the oracle itself with the default bodies.</summary>
    public static Tenant ReferenceOf(Tenant tenant) => tenant == CpuOracle ? CpuComposed : CpuOracle;

    private static Tenant Cpu(string name, string prefix, CpuVoice voice, Type ops) => new()
    {
        Name = name,
        TestPrefix = prefix,
        Ops = ops,
        Sources = "backends/cpu-reference",
        Open = (ranks, arena) => new CpuBackend(voice).Open(new DeviceRequest(ranks, arena, ranks)),
    };
}
