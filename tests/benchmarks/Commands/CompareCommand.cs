using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Models;
using Glm5.Benchmarks.Peers;
using Glm5.Benchmarks.Speed;

namespace Glm5.Benchmarks.Commands;

/// <summary>
/// <c>compare</c>: bench-1b under llama.cpp, in turn with ourselves, beside the machine's read bandwidth.
/// </summary>
internal static class CompareCommand
{
    private const int DecodedTokens = 32;
    private const int BandwidthPasses = 9;

    private static readonly Option<FileInfo> s_llama = new Option<FileInfo>("--llama")
    {
        Description = "The llama-bench program.",
        Required = true,
    }.AcceptExistingOnly();

    private static readonly Option<FileInfo> s_gguf = new Option<FileInfo>("--gguf")
    {
        Description = "bench-1b as BF16 GGUF.",
        Required = true,
    }.AcceptExistingOnly();

    private static readonly Option<DirectoryInfo> s_model = new Option<DirectoryInfo>("--model")
    {
        Description = "The same weights as a checkpoint folder; without it the peer alone is timed.",
    }.AcceptExistingOnly();

    private static readonly Option<int> s_threads = new Option<int>("--threads")
    {
        Description = "Threads of either side.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    }.AtLeastOne();

    private static readonly Option<int> s_rounds = new Option<int>("--rounds")
    {
        Description = "Times that both sides are run.",
        DefaultValueFactory = _ => 3,
    }.AtLeastOne();

    private static readonly Option<int[]> s_contexts = new("--contexts")
    {
        Description = "Tokens already cached when decoding starts.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [0, 1024, 4096],
    };

    private static readonly Option<int[]> s_prompts = new("--prompts")
    {
        Description = "Prompt lengths.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [128, 512, 2048],
    };

    public static Command Create()
    {
        Command command = new("compare", "Time decode and prefill of bench-1b in turn with llama.cpp; prints JSON.")
        {
            s_llama, s_gguf, s_model, s_threads, s_rounds, s_contexts, s_prompts,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        TextWriter progress = parsed.InvocationConfiguration.Error;
        int threads = parsed.GetValue(s_threads);
        ReadBandwidth memory = new(BandwidthCommand.BufferBytes);
        LlamaBench peer = new(parsed.GetRequiredValue(s_llama).FullName, parsed.GetRequiredValue(s_gguf).FullName, threads);
        int[] contexts = parsed.GetRequiredValue(s_contexts), prompts = parsed.GetRequiredValue(s_prompts);
        using ModelUnderMeasure? model = parsed.GetValue(s_model) is { } folder
            ? new ModelUnderMeasure(folder.FullName, threads, contexts.Concat(prompts).Max() + 64)
            : null;
        Comparison comparison = new(peer, model is null ? null : model.Measure, () => memory.Measure(threads, BandwidthPasses).Median);
        List<Workload> works = Workloads(contexts, prompts);
        try
        {
            IReadOnlyList<ComparedWork> compared = comparison.Run(works, parsed.GetValue(s_rounds), progress.WriteLine);
            WriteTable(works, compared, progress);
            parsed.InvocationConfiguration.Output.WriteLine(
                ResultFile.Of($"compare --threads {threads}", compared: compared).ToJson());
            return 0;
        }
        catch (InvalidOperationException problem)
        {
            progress.WriteLine(problem.Message);
            return 1;
        }
    }

    private static List<Workload> Workloads(int[] contexts, int[] prompts) =>
    [
        .. contexts.Select(depth => new Workload(WorkKind.Decode, DecodedTokens, depth)),
        .. prompts.Select(tokens => new Workload(WorkKind.Prefill, tokens, Depth: 0)),
    ];

    private static void WriteTable(List<Workload> works, IReadOnlyList<ComparedWork> compared, TextWriter table)
    {
        table.WriteLine($"{"",-28}{"peer tok/s",12}{"ours",12}{"ours/peer",12}   of read bandwidth");
        for (int i = 0; i < works.Count; i++)
        {
            table.WriteLine(Line(works[i], compared[i]));
        }
    }

    /// <summary>
    /// One row; for decode also the share of the read bandwidth at which the weights went by, on each side.
    /// </summary>
    private static string Line(Workload work, ComparedWork result)
    {
        string row = $"{work,-28}{result.PeerTokensPerSecond.Median,12:0.0}"
            + $"{result.OurTokensPerSecond?.Median,12:0.0}{result.OursOverPeer?.Median,12:0.00}";
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
