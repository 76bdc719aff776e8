using System.Text.Json;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Ranks;

/// <summary>A prompt of the trained model and how it goes on.</summary>
internal sealed record Continuation(string Name, int[] Prompt, int[] Output)
{
    /// <summary>Those that fit into so many tokens.</summary>
    public static Continuation[] Within(int context)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Nano, "golden.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray()
            .Select(c => new Continuation(
                c.GetProperty("name").GetString()!, Ids(c.GetProperty("prompt_ids")), Ids(c.GetProperty("output_ids"))))
            .Where(c => c.Prompt.Length + c.Output.Length <= context)];
    }

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
}

/// <summary>The trained model behind an engine, its ranks laid out as a test says.</summary>
internal sealed class NanoServed : IDisposable
{
    private readonly LoadedModel _model;

    public NanoServed(ModelOptions options, CpuVoice voice = CpuVoice.Simd)
    {
        _model = ModelLoader.Load(
            options with { Folder = RepositoryFiles.Nano, SkipTokenizer = true }, new CpuBackend(voice),
            new LoadProgress(TimeProvider.System), NullLogger.Instance, default);
        Engine = new Core.Engine(_model, options, TimeProvider.System, NullLogger.Instance);
    }

    public Core.Engine Engine { get; }

    /// <summary>The answer to a prompt.</summary>
    public async Task<int[]> AnswerAsync(int[] prompt, int tokens, SamplingParameters sampling)
    {
        var answer = new List<int>();
        using Generation generation = Engine.Submit(
            new GenerationRequest { Prompt = [.. prompt], Sampling = sampling, MaxTokens = tokens });
        await foreach (var token in generation.ReadAllAsync())
            answer.Add(token.Token);
        return [.. answer];
    }

    public void Dispose()
    {
        Engine.Dispose();
        _model.Dispose();
    }
}
