namespace Glm5.Core.Chat;

/// <summary>
/// A template that cannot be compiled, or a conversation that it refuses. The message names template, line and reason;
/// a refusal by the template's own raise_exception carries the template's words.
/// </summary>
public sealed class ChatTemplateException(string message) : Exception(message);
