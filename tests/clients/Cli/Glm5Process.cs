using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Glm5.Tests.Clients.Cli;

/// <summary>The program as people start it, in a process of its own.</summary>
internal sealed partial class Glm5Process : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Glm5Process(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has said on both streams.</summary>
    public string Said => string.Join('\n', _lines);

    /// <summary>Starts it with words and variables.</summary>
    public static Glm5Process Start(string[] words, params (string Name, string Value)[] variables) =>
        StartAsking("", words, variables);

    /// <summary>The same with text on its standard input.</summary>
    public static Glm5Process StartAsking(string question, string[] words, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "glm5.dll"), .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.StandardInput.Write(question);
        process.StandardInput.Close();
        return new Glm5Process(process);
    }

    /// <summary>The address that it prints once it listens.</summary>
    public Task<Uri> AddressAsync() => _address.Task.WaitAsync(s_patience);

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (Address().Match(line) is { Success: true } found)
            _address.TrySetResult(new Uri(found.Groups[1].Value));
    }

    [GeneratedRegex(@"^  address  (http://\S+)")]
    private static partial Regex Address();
}
