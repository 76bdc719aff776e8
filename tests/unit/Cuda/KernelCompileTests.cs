using System.Text.RegularExpressions;
using Glm5.Backends.Cuda;
using Glm5.Backends.Cuda.Interop;

namespace Glm5.Tests.Unit.Cuda;

/// <summary>
/// Every kernel as NVIDIA's own compiler sees it: machine code for Hopper, with what each thread takes. Needs NVRTC (no GPU and no driver):
/// the folder of libnvrtc.so.12 or .13 in GLM5_TEST_NVRTC.
/// </summary>
[TestClass]
public sealed partial class KernelCompileTests
{
    private const string Variable = "GLM5_TEST_NVRTC";

    /// <summary>Bytes of stack that the slow path of sines of large angles takes; nothing else takes any.</summary>
    private const int StackOfSines = 32;

    private static readonly string[] s_turning = ["rope", "turn_query", "finish_latent", "finish_index_key"];

    public static IEnumerable<object[]> Files => KernelSource.Files.Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Kernels_compile_for_Hopper_without_spilling(string file) => Compile(file, GpuFamily.Of(9, 0)!);

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Kernels_compile_for_Blackwell_where_the_compiler_knows_it(string file) => Compile(file, GpuFamily.Of(10, 0)!);

    private static void Compile(string file, GpuFamily family)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
        {
            Assert.Inconclusive($"not run: {Variable} names no folder with NVRTC");
            return;
        }

        CudaLibrary library = CudaLibrary.Open("NVRTC", ["libnvrtc.so.13", "libnvrtc.so.12"], CudaPaths.Under(folder));
        Assert.IsNull(library.Refusal, library.Refusal);
        var compiler = new KernelCompiler(new Nvrtc(library), family, folder: null, isEmulated: false);
        if (compiler.Architecture != family.Target)
            Assert.Inconclusive($"not run: NVRTC {CudaText.Version(compiler.Version)} does not know {family.Target}");
        string log = compiler.Compile(file, "--ptxas-options=-v").Log;
        MatchCollection kernels = Verdict().Matches(log);
        Assert.IsNotEmpty(kernels, log);
        foreach (Match kernel in kernels)
        {
            string name = kernel.Groups["name"].Value;
            int stack = Number(kernel, "stack"), spills = Number(kernel, "stores") + Number(kernel, "loads");
            Assert.AreEqual(0, spills, kernel.Value);
            Assert.IsLessThanOrEqualTo(s_turning.Contains(name) ? StackOfSines : 0, stack, kernel.Value);
            Assert.IsLessThanOrEqualTo(255, Number(kernel, "registers"), kernel.Value);
        }
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, provider: null);

    [GeneratedRegex(
        @"Compiling entry function '(?<name>\w+)'.*?(?<stack>\d+) bytes stack frame, (?<stores>\d+) bytes spill stores, (?<loads>\d+) bytes spill loads.*?Used (?<registers>\d+) registers",
        RegexOptions.Singleline)]
    private static partial Regex Verdict();
}
