using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Speed;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>speculation</c>: what drafts gain, beside plain decoding in the same rounds.</summary>
internal static class SpeculationCommand
{
    private const int Rounds = 7;

    public static Command Create()
    {
        Option<DirectoryInfo> folder = new Option<DirectoryInfo>("--model")
        {
            Description = "A trained checkpoint's folder, with golden.json.",
            Required = true,
        }.AcceptExistingOnly();
        Option<int> threads = new Option<int>("--threads")
        {
            Description = "Threads that compute.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        }.AtLeastOne();
        Option<int[]> drafts = new("--drafts")
        {
            Description = "Drafts a step.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [0, 1, 3, 7],
        };
        Option<int[]> sequences = new("--sequences")
        {
            Description = "Sequences at once.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [1, 8],
        };
        Command command = new("speculation", "Time answers by the number of drafts; prints JSON.")
        {
            folder, threads, drafts, sequences,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(threads), parsed.GetRequiredValue(drafts),
            parsed.GetRequiredValue(sequences), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string folder, int threads, int[] drafts, int[] sequences, InvocationConfiguration streams)
    {
        List<(int[] Prompt, int Length)> prompts = SpeculationRuns.ReadPrompts(Path.Combine(folder, "golden.json"));
        List<SpeculationResult> results = [];
        foreach (int most in sequences)
        {
            SpeculationRuns[] runs = [.. drafts.Select(d => new SpeculationRuns(folder, d, most, threads))];
            bool same = Measure(runs, prompts);
            foreach (SpeculationRuns run in runs)
            {
                SpeculationResult result = run.Result();
                results.Add(result);
                streams.Error.WriteLine(
                    $"{most} at once, {result.Drafts} drafts: {result.TokensPerSecond} tokens/s, {result.TokensPerStep} a step, "
                    + $"accepted {string.Join(" / ", result.Accepted)}");
                run.Dispose();
            }

            if (!same)
            {
                streams.Error.WriteLine("answers depend on the drafts");
                return 1;
            }
        }

        streams.Output.WriteLine(ResultFile.Of($"speculation --threads {threads}", speculated: results).ToJson());
        return 0;
    }

    /// <summary>Rounds of every run by turns, after one to warm up; false when the tokens differ.</summary>
    private static bool Measure(SpeculationRuns[] runs, List<(int[] Prompt, int Length)> prompts)
    {
        bool same = true;
        for (int round = 0; round <= Rounds; round++)
        {
            List<int>? first = null;
            foreach (SpeculationRuns run in runs)
            {
                List<int> tokens = run.Answer(prompts, counts: round > 0);
                same &= (first ??= tokens).SequenceEqual(tokens);
            }
        }

        return same;
    }
}
