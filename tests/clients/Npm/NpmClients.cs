using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Npm;

/// <summary>The scripts in <c>tests/clients/node</c>, with the packages that its lock file names.</summary>
internal static class NpmClients
{
    /// <summary>Where the scripts are, and the packages.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "clients", "node");

    private static readonly Lazy<Task<string?>> s_missing = new(InstallAsync);
    private static readonly ConcurrentDictionary<string, Task<Dictionary<string, JsonElement>>> s_reports = [];

    /// <summary>Why they cannot be run; null when they can.</summary>
    public static Task<string?> Missing => s_missing.Value;

    /// <summary>
    /// What a script reports of the shared server, by case; it runs once. Ends the test as not run where node or the
    /// packages cannot be had.
    /// </summary>
    public static Task<Dictionary<string, JsonElement>> ReportsOfAsync(string script) =>
        s_reports.GetOrAdd(script, RunAsync);

    private static async Task<Dictionary<string, JsonElement>> RunAsync(string script)
    {
        RunningServer server = await SharedServer.Server;
        if (await Missing is { } missing)
            Assert.Inconclusive($"not run: {missing}");
        var node = new ProcessStartInfo("node", [script]) { WorkingDirectory = Folder };
        node.Environment["GLM5_URL"] = server.Address.GetLeftPart(UriPartial.Authority);
        node.Environment["GLM5_TOOLS"] = NanoGolden.Case("tool_call").Tools.GetRawText();
        (int code, string output, string errors) = await RunAsync(node, TimeSpan.FromSeconds(60));
        Assert.AreEqual(0, code, $"{output}\n{errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))
            .ToDictionary(report => report.At("case").GetString()!);
    }

    // What is installed already is kept: npm notes there which lock file it came from.
    private static async Task<string?> InstallAsync()
    {
        if (!IsInstalled("node") || !IsInstalled("npm"))
            return "node and npm are not installed";
        string installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        string wanted = Path.Combine(Folder, "package-lock.json");
        if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(wanted))
            return null;
        var npm = new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        {
            WorkingDirectory = Folder,
        };
        (int code, _, string errors) = await RunAsync(npm, TimeSpan.FromMinutes(2));
        return code == 0 ? null : $"npm ci failed in {Folder}: {errors}";
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program to its end, or to the bound.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(ProcessStartInfo start, TimeSpan bound)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(bound);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, await output, $"{await errors}\nno end within {bound.TotalSeconds} s");
        }

        return (process.ExitCode, await output, await errors);
    }
}
