using Glm5.Backends.Cuda.Interop;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>
/// The CUDA that its suites run on: the folder of libraries that GLM5_TEST_CUDA names, a profile of the emulator
/// (<c>./build.sh cuda-emulator</c> builds that and runs the suites on it), or <c>system</c> for the machine's own.
/// </summary>
internal static class CudaUnderTest
{
    private const string Variable = "GLM5_TEST_CUDA", System = "system";

    private static readonly string[] s_compilers = ["c++", "g++", "clang++"];

    private static readonly string? s_folder = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Missing { get; } = s_folder is not null ? null
        : !Array.Exists(s_compilers, IsInstalled) ? "no C++ compiler for the emulated CUDA, and no other CUDA"
        : $"{Variable} names no CUDA; ./build.sh cuda-emulator builds the emulated one and runs this on it";

    /// <summary>True on stand-ins that compute on the host.</summary>
    public static bool IsEmulated => s_folder is not null and not System;

    /// <summary>Where its libraries lie. Compiled kernels are kept between tests: some hundred ranks are opened.</summary>
    public static CudaPaths Paths { get; } = s_folder == System
        ? CudaPaths.FromEnvironment(Environment.GetEnvironmentVariable)
        : CudaPaths.Under(s_folder ?? "/nowhere", Path.Combine(Repository.Root, "artifacts", "cubins"));

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
