using Glm5.Backends.Ascend.Interop;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>The CANN that the Ascend suites run on: the one that GLM5_TEST_CANN names, a toolkit or an emulator.</summary>
internal static class CannUnderTest
{
    private const string Variable = "GLM5_TEST_CANN";

    private static readonly string? s_root = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Why there is none; null when there is.</summary>
    public static string? Missing => s_root is null ? $"no CANN here, and {Variable} names none" : null;

    /// <summary>Where it lies.</summary>
    public static CannPaths Paths => CannPaths.Under([s_root ?? "/nowhere"], "/usr/local/Ascend/driver", ["/usr/local/dcmi"]);
}
