using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Benchmarks.Machine;

/// <summary>
/// What makes two results comparable, and nothing that names the machine: no host name, no path, no serial number.
/// </summary>
/// <param name="Cpu">The processor as the system calls it, with family and model where it hides the name.</param>
/// <param name="Cores">Processors this process may use.</param>
/// <param name="Isa">Instruction sets the runtime compiles for, widest last.</param>
/// <param name="VectorBits">The widest vector the runtime calls accelerated.</param>
/// <param name="Runtime">The .NET runtime's version.</param>
/// <param name="System">Operating system family and architecture.</param>
internal sealed record MachineClass(
    string Cpu, int Cores, IReadOnlyList<string> Isa, int VectorBits, string Runtime, string System)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    public static MachineClass Here { get; } = new(
        ReadCpu(),
        Environment.ProcessorCount,
        ReadIsa(),
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
        RuntimeInformation.FrameworkDescription,
        $"{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : "linux")}-"
            + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());

    private static string ReadCpu()
    {
        if (!File.Exists(ProcessorFile))
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
        }

        Dictionary<string, string> fields = ReadFirstProcessor();
        string Field(string key) => fields.GetValueOrDefault(key, "?");
        return fields.TryGetValue("model name", out string? name)
            ? $"{name} (family {Field("cpu family")}, model {Field("model")})"
            : $"implementer {Field("CPU implementer")}, part {Field("CPU part")}";
    }

    private static Dictionary<string, string> ReadFirstProcessor()
    {
        Dictionary<string, string> fields = [];
        foreach (string line in File.ReadLines(ProcessorFile))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                break;
            }

            fields[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }

        return fields;
    }

    private static List<string> ReadIsa()
    {
        ReadOnlySpan<(string Name, bool Present)> known =
        [
            ("AdvSimd", AdvSimd.IsSupported),
            ("Dp", Dp.IsSupported),
            ("AVX2", Avx2.IsSupported),
            ("FMA", Fma.IsSupported),
            ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512VBMI", Avx512Vbmi.IsSupported),
            ("AVX10.1", Avx10v1.IsSupported),
        ];
        List<string> present = [];
        foreach ((string name, bool here) in known)
        {
            if (here)
            {
                present.Add(name);
            }
        }

        return present;
    }
}
