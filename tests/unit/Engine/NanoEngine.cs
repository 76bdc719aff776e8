using System.Text.Json;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Engine;

/// <summary>The trained model on the vector backend, behind an engine whose turns the test takes itself.</summary>
internal sealed class NanoEngine : IDisposable
{
    private readonly LoadedModel _model;

    public NanoEngine(ModelOptions options)
    {
        _model = ModelLoader.Load(
            options, new CpuBackend(CpuVoice.Simd), new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
        Engine = new Core.Engine(
            _model.Runners, _model.ContextLength, TokenMask.Nothing, options, TimeProvider.System, NullLogger.Instance);
    }

    public Core.Engine Engine { get; }

    /// <summary>
    /// Prompts of the golden file with their answers: what the next turn of a conversation begins with.
    /// </summary>
    public static int[][] ReadTexts()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Nano, "golden.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c =>
            (int[])[.. Ids(c.GetProperty("prompt_ids")), .. Ids(c.GetProperty("output_ids"))])];
    }

    /// <summary>Answers requests together, in their order.</summary>
    public List<int>[] Answer(params GenerationRequest[] requests)
    {
        GenerationStream[] streams = [.. requests.Select(request => (GenerationStream)Engine.Submit(request))];
        while (Engine.Turn())
        {
        }

        return [.. streams.Select(EngineBench.Read)];
    }

    public void Dispose()
    {
        Engine.Dispose();
        _model.Dispose();
    }

    private static IEnumerable<int> Ids(JsonElement ids) => ids.EnumerateArray().Select(id => id.GetInt32());
}
