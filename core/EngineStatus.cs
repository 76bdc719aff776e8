using Glm5.Core.Kv;

namespace Glm5.Core;

/// <summary>A moment of the engine.</summary>
/// <param name="Running">Sequences in the running batch.</param>
/// <param name="Waiting">Sequences that wait for admission.</param>
/// <param name="BlocksInUse">KV blocks owned by sequences.</param>
/// <param name="BlocksCached">KV blocks that nobody owns and that hold a prefix of prompts to come.</param>
/// <param name="Blocks">KV blocks that sequences can own.</param>
/// <param name="Preemptions">Sequences preempted since the start.</param>
/// <param name="Steps">Steps since the start.</param>
/// <param name="PromptTokens">Prompt tokens computed since the start.</param>
/// <param name="GeneratedTokens">Tokens chosen since the start.</param>
/// <param name="QueriedTokens">Prompt tokens looked up in the prefix cache since the start.</param>
/// <param name="CachedTokens">Those of them whose rows were there.</param>
/// <param name="DraftedTokens">Drafts verified since the start.</param>
/// <param name="AcceptedTokens">Those of them that became part of an answer, or would have behind its end.</param>
/// <param name="DraftLength">The most tokens that the last step drafted for a sequence's next one.</param>
public readonly record struct EngineStatus(
    int Running, int Waiting, int BlocksInUse, int BlocksCached, int Blocks, long Preemptions, long Steps,
    long PromptTokens, long GeneratedTokens, long QueriedTokens, long CachedTokens,
    long DraftedTokens, long AcceptedTokens, int DraftLength)
{
    /// <summary>Cached tokens whose rows came from the host.</summary>
    public long RecalledTokens { get; init; }

    /// <summary>The prefix cache's host tier; all zero without one.</summary>
    public HostCacheStatus HostCache { get; init; }
}
