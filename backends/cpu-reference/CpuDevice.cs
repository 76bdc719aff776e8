using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>What the host's processor is and can do.</summary>
internal static class CpuDevice
{
    /// <summary>Slots in a KV block, preferred first.</summary>
    public static IReadOnlyList<int> BlockSlots { get; } = [64, 128, 32, 16];

    /// <summary>How rows of the caches can be stored, preferred first.</summary>
    public static IReadOnlyList<KvFormat> KvFormats { get; } = [KvFormat.F32, KvFormat.BF16, KvFormat.FP8];

    /// <summary>Capabilities of a rank on this processor.</summary>
    public static Capabilities Describe(CpuVoice voice) => new()
    {
        Backend = voice == CpuVoice.Oracle ? "cpu-oracle" : "cpu",
        Device = $"{ProcessorName()}, {Environment.ProcessorCount} hardware threads",
        Architecture = voice == CpuVoice.Oracle ? $"{Machine}, scalar" : $"{Machine}, {InstructionSet()}",
        Arithmetic = Arithmetic.F32,
        NativeWeights = [ElementType.F32, ElementType.BF16, ElementType.F8E4M3, ElementType.I8],
        BatchInvariant = true,
        // Default bodies reduce within a rank first, so their sums depend on how many ranks there are.
        RankInvariant = voice != CpuVoice.Composed,
        CapturesGraphs = false,
        SharesMemory = true,
        BlockSlots = BlockSlots,
        KvFormats = KvFormats,
        RankCounts = RowParallelChunks.RankCounts,
    };

    private static string Machine => RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    private static string InstructionSet()
    {
        if (Vector512.IsHardwareAccelerated)
            return "avx-512";
        if (Avx2.IsSupported)
            return Fma.IsSupported ? "avx2 fma" : "avx2";
        if (AdvSimd.IsSupported)
            return "advsimd";
        return Vector128.IsHardwareAccelerated ? "128-bit vectors" : "scalar";
    }

    private static string ProcessorName()
    {
        const string Key = "model name";
        try
        {
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith(Key, StringComparison.Ordinal) && line.IndexOf(':') is int colon and > 0)
                    return line[(colon + 1)..].Trim();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No such file outside Linux: the architecture says enough.
        }

        return $"{Machine} processor";
    }
}
