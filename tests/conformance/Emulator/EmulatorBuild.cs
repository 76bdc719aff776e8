using System.Diagnostics;

namespace Glm5.Tests.Emulator;

/// <summary>
/// A folder of stand-in libraries that cmake builds once a run into <c>artifacts</c>. Where a tool is missing, tests end inconclusive and say which.
/// </summary>
/// <param name="name">The folder below <c>tests</c> that holds the sources, and below <c>artifacts</c> that takes what is built.</param>
/// <param name="tools">Programs that the build needs beside a compiler; of a name with <c>|</c> any one.</param>
public sealed class EmulatorBuild(string name, params string[] tools)
{
    private readonly Lock _gate = new();
    private string? _failure;
    private bool _built;

    /// <summary>The folder everything is built into.</summary>
    public string Folder { get; } = Path.Combine(Repository.Root, "artifacts", name);

    /// <summary>Why the stand-ins cannot run on this machine, or null where they can.</summary>
    public string? MissingTool { get; } = FindMissingTool(name, ["g++|clang++|c++", "cmake", .. tools]);

    /// <summary>Builds what is not built yet; the test ends inconclusive where that cannot be, and fails where it fails.</summary>
    public void Require()
    {
        if (MissingTool is not null)
            Assert.Inconclusive($"not run: {MissingTool}");

        lock (_gate)
        {
            _failure = _built ? _failure : Build();
            _built = true;
        }

        Assert.IsNull(_failure, _failure);
    }

    /// <summary>Runs a program to its end; null, or what it said when it failed.</summary>
    public static string? Run(string program, params string[] arguments) => Run(program, arguments, []);

    /// <summary>Runs a program to its end in an environment with further variables; null, or what it said when it failed.</summary>
    public static string? Run(string program, string[] arguments, (string Name, string Value)[] variables)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string variable, string value) in variables)
            start.Environment[variable] = value;

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}{errors.GetAwaiter().GetResult()}";
    }

    private static string? FindMissingTool(string name, string[] tools)
    {
        if (!OperatingSystem.IsLinux())
            return $"{name} is for Linux";

        string? missing = tools.FirstOrDefault(tool => !tool.Split('|').Any(IsOnPath));
        return missing is null ? null : missing.Contains("++") ? "no C++ compiler" : $"no {missing.Split('|')[0]}";
    }

    /// <summary>Whether a program is found on PATH.</summary>
    public static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));

    private string? Build()
    {
        Directory.CreateDirectory(Folder);
        // One build at a time, whichever test process comes first.
        using FileStream turn = WaitForTurn(Path.Combine(Folder, "turn.lock"));
        return Run("cmake", "-S", Path.Combine(Repository.Root, "tests", name), "-B", Folder, "-DCMAKE_BUILD_TYPE=Release")
            ?? Run("cmake", "--build", Folder, "--parallel", $"{Math.Clamp(Environment.ProcessorCount, 1, 4)}");
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
}
