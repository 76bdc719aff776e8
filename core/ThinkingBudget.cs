namespace Glm5.Core;

/// <summary>How long an answer may reason. When it is spent, the end of reasoning is the only token that may come.</summary>
/// <param name="Tokens">Tokens of reasoning, its closing tag not counted; 0 ends it at once.</param>
/// <param name="CloseId">The token that ends reasoning.</param>
/// <param name="CallId">The token of a tool call, which ends it too; null for none.</param>
public readonly record struct ThinkingBudget(int Tokens, int CloseId, int? CallId);
