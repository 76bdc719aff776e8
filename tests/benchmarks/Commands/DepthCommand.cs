using System.CommandLine;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Speed;
using Glm5.Core.Accelerator;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>depth</c>: how a decoded token's time grows with the context, split into indexer, top-k and attention.</summary>
internal static class DepthCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> folder = new Option<DirectoryInfo>("--model") { Description = "A checkpoint's folder.", Required = true }.AcceptExistingOnly();
        Option<int> threads = new Option<int>("--threads") { Description = "Threads that compute.", DefaultValueFactory = _ => Environment.ProcessorCount }.AtLeastOne();
        Option<int[]> contexts = new("--contexts") { Description = "Tokens cached.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0, 1024, 4096, 8192, 32000] };
        Option<KvFormat[]> formats = new("--formats") { Description = "How the caches are stored.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [KvFormat.F32, KvFormat.BF16, KvFormat.FP8] };
        Command command = new("depth", "Time a decoded token by context length and say where the time goes; prints JSON.") { folder, threads, contexts, formats };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(folder).FullName, parsed.GetValue(threads), parsed.GetRequiredValue(contexts),
            parsed.GetRequiredValue(formats), parsed.InvocationConfiguration));
        return command;
    }

    /// <summary>Measures, and tells each result as it comes.</summary>
    public static List<DepthTime> Measure(ModelUnderMeasure model, int[] contexts, TextWriter progress)
    {
        List<DepthTime> depths = [];
        foreach (DepthTime d in DepthTime.Series(model, contexts))
        {
            depths.Add(d);
            progress.WriteLine(
                $"context {d.Context,6}: token {d.Token.Median:0.00} ms, {d.Token.Median / depths[0].Token.Median:0.00} x that at {depths[0].Context}; "
                + $"indexer {d.Indexer.Median:0.00}, top-k {d.TopK.Median:0.00}, attention {d.Attention.Median:0.00}");
        }

        return depths;
    }

    private static int Run(string folder, int threads, int[] contexts, KvFormat[] formats, InvocationConfiguration streams)
    {
        List<DepthTime> depths = [];
        foreach (KvFormat format in formats)
        {
            using var model = new ModelUnderMeasure(folder, threads, contexts.Max() + 64, format);
            streams.Error.WriteLine($"{format}: {model.Rank.Kv.Spec.TokenBytes:N0} bytes a token");
            depths.AddRange(Measure(model, contexts, streams.Error));
        }

        streams.Output.WriteLine(ResultFile.Of($"depth --threads {threads}", depths: depths).ToJson());
        return 0;
    }
}
