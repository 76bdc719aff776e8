using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;
using Glm5.Host;
using Glm5.Host.Serving;
using Microsoft.Extensions.Logging;

namespace Glm5.Benchmarks.Load;

/// <summary>The program's own server with a model's tokenizer, template and config, and an <see cref="EchoRunner"/>.</summary>
internal static class EchoServer
{
    private const int BlockSlots = 64;

    /// <summary>Starts one on a free port of the loopback address.</summary>
    public static async Task<Server> StartAsync(string folder, int streams, int tokensPerSecond, StepClock clock)
    {
        var options = new ServeOptions
        {
            Model = new ModelOptions { Folder = folder, MaxSequences = streams, MaxBatchedTokens = 8 * streams },
            ServedNames = ["echo"],
            Port = 0,
            LeastLogged = LogLevel.Error,
            Load = (model, progress, logger, _) => Load(model, tokensPerSecond, clock, progress, logger),
        };
        Backend cpu = BackendCatalog.Choose("cpu").Backend;
        Server server = await Server.StartAsync(options, cpu, null, CancellationToken.None);
        await server.Ready;
        return server;
    }

    private static LoadedModel Load(
        ModelOptions options, int tokensPerSecond, StepClock clock, LoadProgress progress, ILogger logger)
    {
        var opened = OpenedModel.Open(options, progress, logger);
        int blocks = (options.MaxSequences * ((opened.ContextLength / BlockSlots) + 1)) + 1;
        int[] letters =
            [.. StepClock.Letters.Select(letter => opened.Tokenizer!.Encode(PromptText.Trusted($"{letter}")).Single())];
        var runner = new EchoRunner(
            letters, blocks, BlockSlots, opened.Weights.Config.VocabSize, tokensPerSecond, clock);
        return new LoadedModel(opened, [runner])
        {
            Pool = new KvPoolSize(blocks, BlockBytes: 0, FreeBytes: 0, BlockSlots),
            Capabilities = new Capabilities
            {
                Backend = "echo",
                Device = "nothing",
                Architecture = "none",
                Arithmetic = Arithmetic.F32,
                NativeWeights = [],
                BatchInvariant = true,
                RankInvariant = true,
                CapturesGraphs = false,
                SharesMemory = true,
                BlockSlots = [BlockSlots],
                RankCounts = [1],
            },
        };
    }
}
