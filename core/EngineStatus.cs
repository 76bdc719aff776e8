namespace Glm5.Core;

/// <summary>A moment of the engine.</summary>
/// <param name="Running">Sequences in the running batch.</param>
/// <param name="Waiting">Sequences that wait for admission.</param>
/// <param name="BlocksInUse">KV blocks owned by sequences.</param>
/// <param name="Blocks">KV blocks that sequences can own.</param>
/// <param name="Preemptions">Sequences preempted since the start.</param>
/// <param name="Steps">Steps since the start.</param>
/// <param name="PromptTokens">Prompt tokens computed since the start.</param>
/// <param name="GeneratedTokens">Tokens chosen since the start.</param>
public readonly record struct EngineStatus(
    int Running, int Waiting, int BlocksInUse, int Blocks, long Preemptions, long Steps, long PromptTokens,
    long GeneratedTokens);
