using System.Collections.Immutable;
using Glm5.Core;

namespace Glm5.Host.Serving;

/// <summary>A model that answers.</summary>
/// <param name="Model">Its parts.</param>
/// <param name="Engine">What runs its steps.</param>
internal sealed record ReadyModel(LoadedModel Model, Engine Engine) : IDisposable
{
    /// <summary>Ids that end a turn: generation_config.json's where it has some, otherwise config.json's.</summary>
    public ImmutableArray<int> EosTokenIds { get; } =
        Model.Generation.EosTokenIds.IsEmpty ? Model.Config.EosTokenIds : Model.Generation.EosTokenIds;

    /// <summary>Forms of answers; null when token ids are served, and where workers sample.</summary>
    public AnswerForms? Forms { get; } = Model is { Tokenizer: { } tokenizer, Runners: [{ SamplesHere: true }, ..] }
        ? new AnswerForms(tokenizer, Model.Config.VocabSize)
        : null;

    /// <summary>Why there are no forms.</summary>
    public string WhyNoForms => Model.Tokenizer is null
        ? "this server serves token ids without a tokenizer"
        : "this server samples in worker processes (--worker-processes), where answers are not held to forms";

    /// <summary>Ends the engine, then the model under it.</summary>
    public void Dispose()
    {
        Engine.Dispose();
        Model.Dispose();
    }
}
