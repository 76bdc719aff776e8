using System.Diagnostics;
using System.Text.Json;

namespace Glm5.Benchmarks.Peers;

/// <summary>
/// llama.cpp's own benchmark program, one process per measurement, so that nothing of it is left running while the
/// other side is timed. Its warm-up run and the filling of the cache up to the depth are not in its figures.
/// </summary>
internal sealed class LlamaBench(string program, string gguf, int threads)
{
    /// <summary>
    /// Runs the workload <paramref name="repetitions"/> times in one process; returns tokens per second of each.
    /// </summary>
    /// <exception cref="InvalidOperationException">The program failed, or reports another workload than asked
    /// for.</exception>
    public IReadOnlyList<double> Measure(Workload work, int repetitions)
    {
        using JsonDocument report = JsonDocument.Parse(Run(Arguments(work, repetitions)));
        if (report.RootElement.GetArrayLength() != 1)
        {
            throw new InvalidOperationException(
                $"{program} reported {report.RootElement.GetArrayLength()} results for '{work}', expected 1.");
        }

        JsonElement result = report.RootElement[0];
        Check(result, "n_threads", threads);
        Check(result, "n_depth", work.Depth);
        Check(result, work.Kind == WorkKind.Decode ? "n_gen" : "n_prompt", work.Tokens);
        return [.. result.GetProperty("samples_ts").EnumerateArray().Select(rate => rate.GetDouble())];
    }

    private IEnumerable<string> Arguments(Workload work, int repetitions)
    {
        (int prompt, int generate) = work.Kind == WorkKind.Decode ? (0, work.Tokens) : (work.Tokens, 0);
        return
        [
            "-m", gguf, "-t", $"{threads}", "-p", $"{prompt}", "-n", $"{generate}", "-d", $"{work.Depth}",
            "-r", $"{repetitions}", "-o", "json",
        ];
    }

    private string Run(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)
            ?? throw new InvalidOperationException($"{program} did not start.");
        Task<string> complaints = process.StandardError.ReadToEndAsync();
        string report = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} ended with status {process.ExitCode}: {complaints.GetAwaiter().GetResult().Trim()}");
        }

        return report;
    }

    private void Check(JsonElement result, string field, int expected)
    {
        int reported = result.GetProperty(field).GetInt32();
        if (reported != expected)
        {
            throw new InvalidOperationException(
                $"{program} reports {field} = {reported}, asked for {expected}: its options have changed; "
                + $"adapt {nameof(LlamaBench)}.{nameof(Arguments)}.");
        }
    }
}
