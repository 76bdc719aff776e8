using System.Diagnostics;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>
/// The stand-ins for the CANN libraries (<c>tests/cann-emulator</c>), built once a run into <c>artifacts/cann-emulator</c>: the first build takes
/// about a minute on two cores, a later one a second. Where a tool is missing, tests end inconclusive and say which.
/// </summary>
public static class CannEmulator
{
    private static readonly Lazy<string?> s_failure = new(Build);

    /// <summary>The profiles, by folder name.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["a2-x86-8.1", "a2-arm-8.5", "a3-arm-9.0", "a3-arm-9.1"];

    /// <summary>The folder everything is built into.</summary>
    public static string BuildFolder { get; } = Path.Combine(Repository.Root, "artifacts", "cann-emulator");

    /// <summary>Why the stand-ins cannot run on this machine, or null once they are built.</summary>
    public static string? MissingTool { get; } = FindMissingTool();

    /// <summary>The folder of a profile, as <c>ASCEND_HOME_PATH</c> wants it; the test ends inconclusive where it cannot be built.</summary>
    public static string Home(string profile)
    {
        if (MissingTool is not null)
            Assert.Inconclusive($"not run: {MissingTool}");

        Assert.IsNull(s_failure.Value, s_failure.Value);
        return Path.Combine(BuildFolder, profile);
    }

    private static string? FindMissingTool()
    {
        if (!OperatingSystem.IsLinux())
            return "the CANN stand-ins are for Linux";

        if (!IsOnPath("g++") && !IsOnPath("clang++") && !IsOnPath("c++"))
            return "no C++ compiler";

        return !IsOnPath("cmake") ? "no cmake" : !IsOnPath("node") && !IsOnPath("nodejs") ? "no node" : null;
    }

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));

    private static string? Build()
    {
        Directory.CreateDirectory(BuildFolder);
        // One build at a time, whichever test process comes first.
        using FileStream turn = WaitForTurn(Path.Combine(BuildFolder, "turn.lock"));
        string sources = Path.Combine(Repository.Root, "tests", "cann-emulator");
        return Run("cmake", "-S", sources, "-B", BuildFolder, "-DCMAKE_BUILD_TYPE=Release")
            ?? Run("cmake", "--build", BuildFolder, "--parallel", $"{Math.Clamp(Environment.ProcessorCount, 1, 4)}");
    }

    private static FileStream WaitForTurn(string path)
    {
        for (; ; )
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(100);
            }
        }
    }

    /// <summary>Runs a program to its end; null, or what it said when it failed.</summary>
    internal static string? Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}{errors.GetAwaiter().GetResult()}";
    }
}
