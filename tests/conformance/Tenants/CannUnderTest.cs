using Glm5.Backends.Ascend.Interop;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>
/// The CANN that the Ascend suites run on: the one that GLM5_TEST_CANN names, a toolkit or a profile of the emulator, in
/// full; else the emulator's default profile, built where a C++ compiler is, at all shapes but the slowest.
/// <c>./build.sh emulator</c> runs everything on every profile.
/// </summary>
internal static class CannUnderTest
{
    private const string Variable = "GLM5_TEST_CANN";

    /// <summary>The oldest profile with all fusions of attention, on the more common platform.</summary>
    private const string DefaultProfile = "a2-arm-8.5";

    private static readonly string? s_named = Environment.GetEnvironmentVariable(Variable);

    private static readonly Lazy<CannPaths> s_paths = new(() =>
        CannPaths.Under([Home], "/usr/local/Ascend/driver", ["/usr/local/dcmi"]));

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Missing { get; } = s_named is not null ? null : CannEmulator.MissingTool;

    /// <summary>Why the slowest runs wait for the longer tier; null when they are asked for.</summary>
    public static string? Hurry { get; } = s_named is not null || Environment.GetEnvironmentVariable("GLM5_SOAK") is not null
        ? null
        : "quantised weights at GLM-5's shapes take the emulator a minute; ./build.sh emulator and .ci/run run them";

    /// <summary>Its folder.</summary>
    public static string Home => s_named ?? CannEmulator.Home(DefaultProfile);

    /// <summary>Where its parts lie.</summary>
    public static CannPaths Paths => s_paths.Value;
}
