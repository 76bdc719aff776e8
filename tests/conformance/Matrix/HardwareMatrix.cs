using System.Reflection;
using System.Text;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Matrix;

/// <summary>
/// Writes hardware-matrix.md from what the code declares ([Fused] overrides, capabilities) and what records prove. Nobody
/// types "verified".
/// </summary>
public static class HardwareMatrix
{
    private static readonly (Type Level, string Title)[] s_levels =
    [
        (typeof(BlockOps), "Blocks"), (typeof(StepOps), "Steps"), (typeof(PrimitiveOps), "Primitives"),
    ];

    /// <summary>The whole document.</summary>
    public static string Write(IReadOnlyList<Tenant> tenants, IReadOnlyList<ConformanceRecord> records)
    {
        var text = new StringBuilder();
        text.Append(
            """
            # Hardware matrix

            Written by the conformance tests (`GLM5_WRITE_MATRIX=1 dotnet test -c Release tests/conformance`) from what the
            code declares and what `tests/hardware/records` proves; a test fails when it differs from its sources.
            *Fused* is a kernel of the backend's own, *composed* the contract's default body over its primitives.
            *Verified* needs a record of these very sources in which every suite passed on the hardware; *emulated* is the same on
            a stand-in that computes on the host: it proves the code, not the device. A record of other sources is *stale*.


            """);
        WriteDevices(text, tenants, records);
        foreach ((Type level, string title) in s_levels)
            WriteOperations(text, title, level, tenants);
        WriteUnverified(text);
        return text.ToString();
    }

    private static void WriteDevices(StringBuilder text, IReadOnlyList<Tenant> tenants, IReadOnlyList<ConformanceRecord> records)
    {
        text.Append("## Devices\n\n| backend | architecture | device | software | arithmetic | invariance | ranks | weights read in place | captures graphs | conformance |\n");
        text.Append("|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (Tenant tenant in tenants)
        {
            Capabilities c = CapabilitiesOf(tenant);
            string invariance = (c.BatchInvariant, c.RankInvariant) switch
            {
                (true, true) => "batch, chunk and ranks: same bits",
                (true, false) => "batch and chunk: same bits",
                _ => "none promised",
            };
            string weights = string.Join(", ", c.NativeWeights), ranks = string.Join(", ", c.RankCounts);
            string graphs = c.CapturesGraphs ? "yes" : "no: every step is eager";
            string shared = $"{c.Arithmetic.Name} | {invariance} | {ranks} | {weights} | {graphs}";
            ConformanceRecord[] own = [.. records.Where(r => r.Backend == tenant.Name)];
            foreach (ConformanceRecord record in own)
                text.Append($"| {tenant.Name} | {record.Architecture} | {record.Device} | {record.Software} | {shared} | {Standing(tenant, record)} |\n");
            if (own.Length == 0)
                text.Append($"| {tenant.Name} | | | | {shared} | **unverified** |\n");
        }

        text.Append('\n');
    }

    private static Capabilities CapabilitiesOf(Tenant tenant)
    {
        if (tenant.Declared is { } declared)
            return declared;
        using IAccelerator accelerator = tenant.Open(1, 1 << 20)[0];
        return accelerator.Capabilities;
    }

    private static string Standing(Tenant tenant, ConformanceRecord record)
    {
        int passed = record.Suites.Values.Sum(s => s.Passed), failed = record.Suites.Values.Sum(s => s.Failed);
        if (!record.AllPassed)
            return $"**failed** {record.Date}: {failed} of {passed + failed}";
        return record.Sources == SourcesOf(tenant)
            ? $"{(record.Emulated ? "emulated" : "verified")} {record.Date}: {record.Suites.Count} suites, {passed} tests"
            : $"**stale**: {passed} tests passed on {record.Date} with other sources";
    }

    /// <summary>Digest of what a record of this tenant speaks of: the contract and the backend.</summary>
    public static string SourcesOf(Tenant tenant) => SourceDigest.Of(Repository.Root, "core/Accelerator", "core/Model", tenant.Sources);

    private static void WriteOperations(StringBuilder text, string title, Type level, IReadOnlyList<Tenant> tenants)
    {
        text.Append($"## {title}\n\n| operation |{string.Concat(tenants.Select(t => $" {t.Name} |"))}\n|---|{string.Concat(tenants.Select(_ => "---|"))}\n");
        foreach (string operation in Operations(level))
            text.Append($"| {operation} |{string.Concat(tenants.Select(t => $" {Cell(t.Ops, operation)} |"))}\n");
        text.Append('\n');
    }

    /// <summary>Names of the operations that a level of the contract adds, in alphabetical order.</summary>
    public static IReadOnlyList<string> Operations(Type level) =>
    [
        .. Cores(level).Where(m => m.DeclaringType == level).Select(m => m.Name[..^"Core".Length]).Distinct().Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<MethodInfo> Cores(Type type) =>
        type.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)
            .Where(m => m.IsVirtual && m.IsFamily && m.Name.EndsWith("Core", StringComparison.Ordinal));

    private static string Cell(Type ops, string operation)
    {
        MethodInfo core = Cores(ops).First(m => m.Name == operation + "Core");
        if (core.GetCustomAttribute<FusedAttribute>() is { } fused)
            return $"fused, `{fused.Kernel}`{(fused.When.Length > 0 ? $" when {fused.When}" : "")}";
        return core.DeclaringType == typeof(StepOps) || core.DeclaringType == typeof(BlockOps) ? "composed" : "own";
    }

    private static void WriteUnverified(StringBuilder text) => text.Append(
        """
        ## What no hardware has confirmed

        - No run on the real GLM-5 weights: the loader is proven on their names and shapes, the arithmetic on small checkpoints.
        - Arm (AdvSimd) and AVX2 machines: their kernels run in the tests through the same sources at other vector widths, on a
          processor that has AVX-512; no record of such a machine exists.
        - NPUs: the Ascend backend is written from CANN's headers and operator pages; no NPU has run it.
        - GPUs: the CUDA backend runs on an emulator of its libraries, and its kernels are compiled for Hopper; no GPU has run it, and
          nothing has been timed on one.

        """);
}
