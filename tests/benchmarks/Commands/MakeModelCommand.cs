using System.CommandLine;
using System.Diagnostics;
using Glm5.Benchmarks.Models;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>make-model FOLDER</c>: writes the bench-1b checkpoint.</summary>
internal static class MakeModelCommand
{
    public static Command Create()
    {
        Argument<DirectoryInfo> folder = new("folder") { Description = "Where config.json and model.safetensors go." };
        Option<WeightFormat> format = new("--format") { Description = "How matrices are stored." };
        Option<ulong> seed = new("--seed") { Description = "Same seed, same bytes.", DefaultValueFactory = _ => 1 };
        Command command = new("make-model", "Write bench-1b: random weights in GLM-5's structure, 733.6 M parameters.")
        {
            folder, format, seed,
        };
        command.SetAction(parsed =>
        {
            BenchCheckpoint checkpoint = new(Glm5Shape.Bench1B, parsed.GetValue(format), parsed.GetValue(seed));
            Stopwatch clock = Stopwatch.StartNew();
            long bytes = checkpoint.Write(parsed.GetRequiredValue(folder).FullName);
            long read = BenchInventory.BytesPerDecodedToken(Glm5Shape.Bench1B, parsed.GetValue(format));
            parsed.InvocationConfiguration.Output.WriteLine(
                $"{bytes / 1e6:0.0} MB of weights in {clock.Elapsed.TotalSeconds:0.0} s; "
                + $"a decoded token reads {read / 1e6:0.0} MB of them.");
            return 0;
        });
        return command;
    }
}
