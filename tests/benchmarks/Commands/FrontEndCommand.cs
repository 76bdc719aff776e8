using System.CommandLine;
using Glm5.Benchmarks.Load;
using Glm5.Benchmarks.Machine;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>front-end</c>: what the HTTP surface adds to a token, with an engine that costs nothing.</summary>
internal static class FrontEndCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> folder = new Option<DirectoryInfo>("--model")
        {
            Description = "A folder with config, tokenizer and chat template.",
            Required = true,
        }.AcceptExistingOnly();
        Option<int> streams = new Option<int>("--streams")
        {
            Description = "Answers at a time.",
            DefaultValueFactory = _ => 1024,
        }.AtLeastOne();
        Option<int[]> rates = new("--rates")
        {
            Description = "Tokens a second at which steps come; 0 as fast as they are taken.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [0, 100_000],
        };
        Option<int> seconds = new Option<int>("--seconds")
        {
            Description = "Time measured at each rate.",
            DefaultValueFactory = _ => 60,
        }.AtLeastOne();
        Option<int> warmUp = new Option<int>("--warm-up")
        {
            Description = "Seconds before that.",
            DefaultValueFactory = _ => 15,
        }.AtLeastOne();
        Command command = new("front-end", "Time streams through the HTTP surface; prints JSON.")
        {
            folder, streams, rates, seconds, warmUp,
        };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(streams), parsed.GetRequiredValue(rates),
            parsed.GetValue(seconds), parsed.GetValue(warmUp), parsed.InvocationConfiguration));
        return command;
    }

    private static async Task<int> RunAsync(
        string folder, int streams, int[] rates, int seconds, int warmUp, InvocationConfiguration output)
    {
        List<FrontEndResult> results = [];
        foreach (int rate in rates)
        {
            FrontEndResult result = await FrontEndRun.MeasureAsync(folder, streams, rate, seconds, warmUp);
            results.Add(result);
            output.Error.WriteLine(
                $"{streams} streams, steps for {(rate == 0 ? "as many as are taken" : $"{rate:N0} tokens/s")}: "
                + $"{result.TokensPerSecond:N0} tokens/s, added {result.AddedMilliseconds?.ToString() ?? "unknown: too slow"}, "
                + $"{result.BytesPerToken} bytes a token, collections {string.Join('/', result.Collections)}, "
                + $"server {result.ServerCores} and clients {result.ClientCores} cores");
        }

        output.Output.WriteLine(ResultFile.Of($"front-end --streams {streams} --seconds {seconds}", frontEnd: results).ToJson());
        return 0;
    }
}
