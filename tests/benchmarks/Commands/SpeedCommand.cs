using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Peers;
using Glm5.Benchmarks.Speed;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>speed</c>: a checkpoint on the CPU backend: prefill, decode by context, and where a token's time goes.</summary>
internal static class SpeedCommand
{
    private const int Rounds = 5, DecodedTokens = 32, BandwidthPasses = 9;

    public static Command Create()
    {
        Option<DirectoryInfo> folder = new Option<DirectoryInfo>("--model") { Description = "A checkpoint's folder.", Required = true }.AcceptExistingOnly();
        Option<int> threads = new Option<int>("--threads") { Description = "Threads that compute.", DefaultValueFactory = _ => Environment.ProcessorCount }.AtLeastOne();
        Option<int[]> contexts = new("--contexts") { Description = "Tokens cached when decoding starts.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0, 1024, 4096] };
        Option<int[]> prompts = new("--prompts") { Description = "Prompt lengths.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [128, 512, 2048] };
        Command command = new("speed", "Time prefill and decode of a checkpoint, beside the read bandwidth of the same run; prints JSON.")
        {
            folder, threads, contexts, prompts,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(threads), parsed.GetRequiredValue(contexts), parsed.GetRequiredValue(prompts),
            parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string folder, int threads, int[] contexts, int[] prompts, InvocationConfiguration streams)
    {
        using var model = new ModelUnderMeasure(folder, threads, contexts.Concat(prompts).Max() + 64);
        ReadBandwidth memory = new(BandwidthCommand.BufferBytes);
        List<TimedWork> works = [];
        foreach (Workload work in Works(contexts, prompts))
        {
            var (rates, bandwidth) = (new double[Rounds], new double[Rounds]);
            for (int round = 0; round < Rounds; round++)
            {
                bandwidth[round] = memory.Measure(threads, BandwidthPasses).Median;
                rates[round] = model.Measure(work);
            }

            works.Add(new TimedWork(work.ToString(), Spread.Of(bandwidth), Spread.Of(rates)));
            streams.Error.WriteLine($"{work,-28} {works[^1].TokensPerSecond.Median,8:0.0} tokens/s, reads {works[^1].ReadGigabytesPerSecond.Median:0.0} GB/s");
        }

        List<DepthTime> depths = DepthCommand.Measure(model, contexts, streams.Error);
        streams.Output.WriteLine(ResultFile.Of($"speed --threads {threads}", timed: works, depths: depths).ToJson());
        return 0;
    }

    private static IEnumerable<Workload> Works(int[] contexts, int[] prompts) =>
        contexts.Select(c => new Workload(WorkKind.Decode, DecodedTokens, c)).Concat(prompts.Select(p => new Workload(WorkKind.Prefill, p, 0)));
}

/// <summary>One workload of our own.</summary>
internal sealed record TimedWork(string Work, Spread ReadGigabytesPerSecond, Spread TokensPerSecond);
