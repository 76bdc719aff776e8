using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Speed;
using Glm5.Core;

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
        Option<DraftMethod[]> methods = new("--methods")
        {
            Description = "Who drafts.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [DraftMethod.DraftLayer, DraftMethod.PromptLookup],
        };
        Option<bool> adapt = new("--adapt") { Description = "Let the engine draft fewer tokens where that is faster." };
        Command command = new("speculation", "Time answers by the number of drafts; prints JSON.")
        {
            folder, threads, methods, drafts, sequences, adapt,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(threads), parsed.GetRequiredValue(methods),
            parsed.GetRequiredValue(drafts),
            parsed.GetRequiredValue(sequences), parsed.GetValue(adapt), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(
        string folder, int threads, DraftMethod[] methods, int[] drafts, int[] sequences, bool adapt,
        InvocationConfiguration streams)
    {
        List<(int[] Prompt, int Length)> prompts = AnsweringEngine.ReadPrompts(Path.Combine(folder, "golden.json"));
        List<SpeculationResult> results = [];
        foreach (int most in sequences)
        {
            SpeculationRuns[] runs = [.. Ways(methods, drafts).Select(
                way => new SpeculationRuns(folder, way.Method, way.Drafts, most, threads, adapt))];
            bool same = Measure(runs, prompts);
            foreach (SpeculationRuns run in runs)
            {
                SpeculationResult result = run.Result();
                results.Add(result);
                streams.Error.WriteLine(
                    $"{most} at once, {result.Drafts} drafts of {result.Method}: {result.TokensPerSecond} tokens/s, {result.TokensPerStep} a step, "
                    + $"accepted {string.Join(" / ", result.Accepted)}; {result.LastLength} in the end");
                run.Dispose();
            }

            if (!same)
            {
                streams.Error.WriteLine("answers depend on the drafts");
                return 1;
            }
        }

        streams.Output.WriteLine(ResultFile.Of($"speculation --threads {threads}{(adapt ? " --adapt" : "")}", speculated: results).ToJson());
        return 0;
    }

    /// <summary>Every method with every number of drafts; none is none, whoever does not draft.</summary>
    private static IEnumerable<(DraftMethod Method, int Drafts)> Ways(DraftMethod[] methods, int[] drafts) =>
        methods.SelectMany(method => drafts.Select(count => (method, count)))
            .DistinctBy(way => way.count == 0 ? (methods[0], 0) : way);

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
