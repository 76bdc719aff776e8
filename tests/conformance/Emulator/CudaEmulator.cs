namespace Glm5.Tests.Conformance.Emulator;

/// <summary>
/// The stand-ins for the CUDA driver and its libraries (<c>tests/cuda-emulator</c>): the first build takes about a minute on two cores, a later
/// one a second.
/// </summary>
public static class CudaEmulator
{
    private static readonly EmulatorBuild s_build = new("cuda-emulator");

    /// <summary>The profiles, by folder name.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["h200", "h100", "b200", "h200-mig", "h200-old"];

    /// <summary>The folder everything is built into.</summary>
    public static string BuildFolder => s_build.Folder;

    /// <summary>Why the stand-ins cannot run on this machine, or null where they can.</summary>
    public static string? MissingTool => s_build.MissingTool;

    /// <summary>The folder of a profile's libraries; the test ends inconclusive where it cannot be built.</summary>
    public static string Home(string profile)
    {
        s_build.Require();
        return Path.Combine(BuildFolder, profile);
    }
}
