namespace Glm5.Tests.Conformance.Emulator;

/// <summary>
/// The portable kernels as a CUDA compiler sees them, where the emulator's host compiler sees C++: clang checks that they are valid device code
/// and writes PTX, for the newest architecture of its own that the kernels are meant for. No toolkit is needed (<c>tests/cuda-emulator/device</c>).
/// </summary>
[TestClass]
public sealed class DeviceCodeTests
{
    private static readonly string[] s_compilers =
        ["clang++", "clang++-22", "clang++-21", "clang++-20", "clang++-19", "clang++-18", "clang++-17", "clang++-16", "clang++-15", "clang++-14"];

    /// <summary>From the most to the least that a compiler may know. Portable code is the same for all of them.</summary>
    private static readonly string[] s_architectures = ["sm_100a", "sm_90a", "sm_90", "sm_89", "sm_86", "sm_80"];

    private static readonly string s_kernels = Path.Combine(Repository.Root, "backends", "cuda", "Kernels");

    private static readonly Lazy<(string Compiler, string Architecture)?> s_found = new(Find);

    public static IEnumerable<object[]> Files => Directory.Exists(s_kernels)
        ? Directory.GetFiles(s_kernels, "*.cu").Select(Path.GetFileName).Order().Select(file => new object[] { file! })
        : [["no kernels"]];

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Portable_kernels_are_valid_device_code(string file)
    {
        (string compiler, string architecture) = Found();
        if (!Directory.Exists(s_kernels))
            Assert.Inconclusive($"not run: {s_kernels} holds no kernels");

        string prelude = File.ReadAllText(Path.Combine(s_kernels, "prelude.cuh"));
        string? failure = Compile(compiler, architecture, $"{prelude}\n#line 1 \"{file}\"\n{File.ReadAllText(Path.Combine(s_kernels, file))}");
        Assert.IsNull(failure, failure);
    }

    [TestMethod]
    [DataRow("extern \"C\" __global__ void k(int *x) { if (x[0] == 0) throw 1; }", "throw")]
    [DataRow("extern \"C\" __global__ void k(int *x) { __shared__ int tile = 5; x[0] = tile; }", "initializ")]
    [DataRow("extern \"C\" __global__ int k(int *x) { return x[0]; }", "void return type")]
    public void What_a_GPU_cannot_run_does_not_pass(string source, string complaint)
    {
        (string compiler, string architecture) = Found();
        string? failure = Compile(compiler, architecture, source);
        Assert.IsNotNull(failure);
        Assert.Contains(complaint, failure);
    }

    private static (string Compiler, string Architecture) Found()
    {
        if (s_found.Value is null)
            Assert.Inconclusive("not run: no clang++ with the NVPTX target, version 14 or newer");

        return s_found.Value!.Value;
    }

    private static (string Compiler, string Architecture)? Find()
    {
        const string Empty = "extern \"C\" __global__ void k(int *x) { x[0] = threadIdx.x; }";
        foreach (string compiler in s_compilers.Where(EmulatorBuild.IsOnPath))
        {
            foreach (string architecture in s_architectures)
            {
                if (Compile(compiler, architecture, Empty) is null)
                    return (compiler, architecture);
            }
        }

        return null;
    }

    private static string? Compile(string compiler, string architecture, string source)
    {
        string file = Path.Combine(Path.GetTempPath(), $"device-{Guid.NewGuid():N}.cu");
        try
        {
            File.WriteAllText(file, source);
            return EmulatorBuild.Run(
                compiler, "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch={architecture}", "-nocudainc", "-nocudalib", "-std=c++17", "-fno-builtin",
                "-Wno-everything", $"-I{Path.Combine(Repository.Root, "tests", "cuda-emulator")}", "-include", "device/prelude.h", "-S", "-o", "/dev/null", file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
