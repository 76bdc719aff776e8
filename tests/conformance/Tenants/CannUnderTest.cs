using Glm5.Backends.Ascend.Interop;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>
/// The CANN that the Ascend suites run on: the one that GLM5_TEST_CANN names, a toolkit, or a profile of the emulator
/// (<c>./build.sh emulator</c> builds that and runs the suites on every profile).
/// </summary>
internal static class CannUnderTest
{
    private const string Variable = "GLM5_TEST_CANN";

    private static readonly string[] s_compilers = ["c++", "g++", "clang++"];

    private static readonly string? s_root = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Missing { get; } = s_root is not null ? null
        : !Array.Exists(s_compilers, IsInstalled) ? "no C++ compiler for the emulated CANN, and no other CANN"
        : $"{Variable} names no CANN; ./build.sh emulator builds the emulated one and runs this on it";

    /// <summary>Where it lies.</summary>
    public static CannPaths Paths => CannPaths.Under([s_root ?? "/nowhere"], "/usr/local/Ascend/driver", ["/usr/local/dcmi"]);

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
