using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Clients.Agents;

/// <summary>The real server with the embedded model's tokenizer and template, a long context, and a script for a model.</summary>
internal static class ScriptedServer
{
    private const int Context = 200_000, Blocks = 8000;

    /// <summary>Starts one that answers a prompt with what <paramref name="script"/> makes of its text.</summary>
    public static Task<RunningServer> StartAsync(string name, Func<string, string> script) =>
        RunningServer.StartAsync(o => o with
        {
            Model = o.Model with { MaxBatchedTokens = 1 << 16, MaxSequences = 16 },
            ServedNames = [name],
            Load = (model, progress, logger, _) => Load(model, script, progress, logger),
        });

    private static LoadedModel Load(
        ModelOptions options, Func<string, string> script, LoadProgress progress, ILogger logger)
    {
        var opened = OpenedModel.Open(options, progress, logger);
        Checkpoint checkpoint = opened.Checkpoint;
        int end = checkpoint.Generation.EosTokenIds.IsEmpty
            ? checkpoint.Config.EosTokenIds[0] : checkpoint.Generation.EosTokenIds[0];
        var runner = new ScriptedRunner(opened.Tokenizer!, checkpoint.Config.VocabSize, end, Blocks, script);
        return new LoadedModel(opened, [runner])
        {
            ContextLength = Context,
            Pool = new KvPoolSize(Blocks, BlockBytes: 0, FreeBytes: 0, ScriptedRunner.Slots),
            Capabilities = new Capabilities
            {
                Backend = "script",
                Device = "a script",
                Architecture = "none",
                Arithmetic = Arithmetic.F32,
                NativeWeights = [],
                BatchInvariant = true,
                RankInvariant = true,
                CapturesGraphs = false,
                SharesMemory = true,
                BlockSlots = [ScriptedRunner.Slots],
                RankCounts = [1],
            },
        };
    }
}
