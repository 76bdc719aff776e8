namespace Glm5.Tests.Emulator;

/// <summary>
/// The stand-ins for the CANN libraries (<c>tests/cann-emulator</c>): the first build takes about a minute on two cores, a later one a second.
/// </summary>
internal static class CannEmulator
{
    private static readonly EmulatorBuild s_build = new("cann-emulator", "node|nodejs");

    /// <summary>The profiles, by folder name.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["a2-x86-8.1", "a2-arm-8.5", "a3-arm-9.0", "a3-arm-9.1"];

    /// <summary>An installation without four of the fusions (abi/profiles.json): for what is composed instead.</summary>
    public const string ProfileWithGaps = "a3-arm-9.1-gaps";

    /// <summary>The folder everything is built into.</summary>
    public static string BuildFolder => s_build.Folder;

    /// <summary>Why the stand-ins cannot run on this machine, or null where they can.</summary>
    public static string? MissingTool => s_build.MissingTool;

    /// <summary>The folder of a profile, as <c>ASCEND_HOME_PATH</c> wants it; the test ends inconclusive where it cannot be built.</summary>
    public static string Home(string profile)
    {
        s_build.Require();
        return Path.Combine(BuildFolder, profile);
    }
}
