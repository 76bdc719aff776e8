using System.CommandLine;
using Glm5.Backends.CpuReference;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Speed;
using Glm5.Core.Planning;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>ranks</c>: what dividing a model over threads and processes of one machine costs.</summary>
internal static class RanksCommand
{
    private const int Rounds = 7;

    /// <summary>One rank comes first: the others are held against it.</summary>
    private static readonly (ParallelLayout Layout, bool Workers)[] s_layouts =
    [
        (new ParallelLayout(1), false), (new ParallelLayout(2), false), (new ParallelLayout(4), false),
        (new ParallelLayout(2, Expert: true), false), (new ParallelLayout(1, 2, Expert: true), false),
        (new ParallelLayout(2), true), (new ParallelLayout(2, Expert: true), true), (new ParallelLayout(1, 2, Expert: true), true),
    ];

    public static Command Create()
    {
        Option<DirectoryInfo> folder = new Option<DirectoryInfo>("--model")
        {
            Description = "A trained checkpoint's folder, with golden.json.",
            Required = true,
        }.AcceptExistingOnly();
        Option<int> threads = new Option<int>("--threads")
        {
            Description = "Threads that compute, over all ranks.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        }.AtLeastOne();
        Option<int[]> sequences = new("--sequences")
        {
            Description = "Sequences at once, in each group.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [1, 8],
        };
        Command command = new("ranks", "Time answers by how the model is divided over ranks; prints JSON.") { folder, threads, sequences };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(threads), parsed.GetRequiredValue(sequences),
            parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string folder, int threads, int[] sequences, InvocationConfiguration streams)
    {
        string? refusal = new CpuBackend(CpuVoice.Simd).ProcessRefusal;
        if (refusal is not null)
            streams.Error.WriteLine($"without workers: {refusal}");
        List<(int[] Prompt, int Length)> prompts = AnsweringEngine.ReadPrompts(Path.Combine(folder, "golden.json"));
        List<RanksResult> results = [];
        foreach (int most in sequences)
        {
            RankRuns[] runs = [.. s_layouts.Where(way => !way.Workers || refusal is null).Select(
                way => new RankRuns(folder, way.Layout, way.Workers, most, threads))];
            bool same = Measure(runs, prompts);
            foreach (RankRuns run in runs)
            {
                RanksResult result = run.Result(runs[0]);
                results.Add(result);
                streams.Error.WriteLine(
                    $"{most} at once, {result.Layout}: {result.TokensPerSecond} tokens/s, {result.OfOneRank} of one rank");
            }

            foreach (RankRuns run in runs)
                run.Dispose();
            if (!same)
            {
                streams.Error.WriteLine("answers depend on the layout");
                return 1;
            }
        }

        streams.Output.WriteLine(ResultFile.Of($"ranks --threads {threads}", ranked: results).ToJson());
        return 0;
    }

    /// <summary>Rounds of every layout by turns, after one to warm up; false when the tokens differ.</summary>
    private static bool Measure(RankRuns[] runs, List<(int[] Prompt, int Length)> prompts)
    {
        bool same = true;
        for (int round = 0; round <= Rounds; round++)
        {
            List<int>? first = null;
            foreach (RankRuns run in runs)
            {
                List<int> tokens = run.Answer(prompts, counts: round > 0);
                same &= (first ??= tokens).SequenceEqual(tokens);
            }
        }

        return same;
    }
}
