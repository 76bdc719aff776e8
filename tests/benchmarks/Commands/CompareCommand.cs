using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Models;
using Glm5.Benchmarks.Peers;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>compare</c>: bench-1b under llama.cpp, in turn with ourselves, beside the machine's read bandwidth.</summary>
internal static class CompareCommand
{
    private const int DecodedTokens = 32;
    private const int BandwidthPasses = 9;

    public static Command Create()
    {
        Option<FileInfo> llama = new("--llama") { Description = "The llama-bench program.", Required = true };
        Option<FileInfo> gguf = new("--gguf") { Description = "bench-1b as BF16 GGUF.", Required = true };
        Option<int> threads = new("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<int> rounds = new("--rounds") { Description = "Times both sides are run.", DefaultValueFactory = _ => 3 };
        Option<int[]> contexts = new("--contexts")
        {
            Description = "Tokens already cached when decoding starts.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [0, 1024, 4096],
        };
        Option<int[]> prompts = new("--prompts")
        {
            Description = "Prompt lengths.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [128, 512, 2048],
        };
        Command command = new("compare", "Time decode and prefill of bench-1b in turn with llama.cpp; prints a table, then JSON.")
        {
            llama.AcceptExistingOnly(), gguf.AcceptExistingOnly(), threads, rounds, contexts, prompts,
        };
        command.SetAction(parsed =>
        {
            int threadCount = parsed.GetValue(threads);
            ReadBandwidth memory = new(BandwidthCommand.BufferBytes);
            Comparison comparison = new(
                new LlamaBench(parsed.GetRequiredValue(llama).FullName, parsed.GetRequiredValue(gguf).FullName, threadCount),
                ours: null,
                () => memory.Measure(threadCount, BandwidthPasses).Median);
            List<Workload> works = Workloads(parsed.GetRequiredValue(contexts), parsed.GetRequiredValue(prompts));
            Run(comparison, works, threadCount, parsed.GetValue(rounds), parsed.InvocationConfiguration);
            return 0;
        });
        return command;
    }

    private static List<Workload> Workloads(int[] contexts, int[] prompts) =>
    [
        .. contexts.Select(depth => new Workload(WorkKind.Decode, DecodedTokens, depth)),
        .. prompts.Select(tokens => new Workload(WorkKind.Prefill, tokens, Depth: 0)),
    ];

    private static void Run(
        Comparison comparison, List<Workload> works, int threads, int rounds, InvocationConfiguration terminal)
    {
        IReadOnlyList<ComparedWork> compared = comparison.Run(works, rounds, terminal.Error.WriteLine);
        terminal.Error.WriteLine($"{"",-28}{"peer tok/s",12}{"ours",12}{"ours/peer",12}   of read bandwidth");
        for (int i = 0; i < works.Count; i++)
        {
            terminal.Error.WriteLine(Line(works[i], compared[i]));
        }

        terminal.Output.WriteLine(ResultFile.Of($"compare --threads {threads}", compared: compared).ToJson());
    }

    /// <summary>One row; for decode also the share of the read bandwidth at which the weights went by, on each side.</summary>
    private static string Line(Workload work, ComparedWork result)
    {
        string row = $"{work,-28}{result.PeerTokensPerSecond.Median,12:0.0}{result.OurTokensPerSecond?.Median,12:0.0}"
            + $"{result.OursOverPeer?.Median,12:0.00}";
        if (work.Kind == WorkKind.Prefill)
        {
            return row;
        }

        double gigabytes = BenchInventory.BytesPerDecodedToken(Glm5Shape.Bench1B, WeightFormat.Bf16) / 1e9;
        double share = gigabytes / result.ReadGigabytesPerSecond.Median;
        string ours = result.OurTokensPerSecond is { } rate ? $" / {rate.Median * share:P0}" : "";
        return $"{row}   {result.PeerTokensPerSecond.Median * share:P0}{ours}";
    }
}
