using System.Diagnostics;
using System.Text.Json;
using Glm5.Host.Serving;

namespace Glm5.Benchmarks.Load;

/// <summary>Streams through the HTTP surface for a while: a server here, its clients in a process beside it.</summary>
internal static class FrontEndRun
{
    private const int AnswerTokens = 1000;

    /// <summary>Measures once, after time to warm up.</summary>
    public static async Task<FrontEndResult> MeasureAsync(string folder, int streams, int rate, int seconds, int warmUp)
    {
        string clockFile = Path.GetTempFileName();
        try
        {
            using var clock = new StepClock(clockFile);
            await using Server server = await EchoServer.StartAsync(folder, streams, rate, clock);
            using Process client = Start(
                "load-client", "--server", $"{server.Address}", "--clock", clockFile, "--streams", $"{streams}",
                "--answer", $"{AnswerTokens}", "--warm-up", $"{warmUp}", "--seconds", $"{seconds}");
            string? warm = await client.StandardOutput.ReadLineAsync();
            if (warm is null)
                throw new InvalidOperationException("the client ended before it was warm");
            var before = ServerUse.Now();
            string counted = await client.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("the client ended without its counts");
            ServerUse used = ServerUse.Now() - before;
            await client.WaitForExitAsync();
            LoadCounts counts = JsonSerializer.Deserialize(counted, LoadJson.Default.LoadCounts)!;
            return FrontEndResult.Of(streams, rate, counts, used);
        }
        finally
        {
            File.Delete(clockFile);
        }
    }

    private static Process Start(params string[] words)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(FrontEndRun).Assembly.Location);
        foreach (string word in words)
            start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }
}
