namespace Glm5.Host.Cli;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
internal readonly record struct ChatMessage(string Role, string Content);

/// <summary>How the model is asked.</summary>
internal sealed record ChatSettings
{
    /// <summary>The system prompt; null for none.</summary>
    public string? System { get; init; }

    /// <summary>Whether the model may think first.</summary>
    public bool Thinking { get; init; } = true;

    /// <summary>Null leaves it to the model.</summary>
    public double? Temperature { get; init; }

    /// <summary>The most tokens of an answer, thinking included; null leaves it to the context.</summary>
    public int? MaxTokens { get; init; }
}

/// <summary>A piece of a streamed answer; what it lacks is empty.</summary>
/// <param name="Reasoning">Text of the thinking.</param>
/// <param name="Content">Text of the answer.</param>
/// <param name="Finish">Why the answer ended, in its last piece.</param>
/// <param name="Tokens">How many tokens it took, in the piece with the usage.</param>
internal readonly record struct ChatPiece(string Reasoning, string Content, string? Finish, int? Tokens);

/// <summary>The server did not answer or refused, in a sentence.</summary>
internal sealed class ChatException(string message, Exception? inner = null) : Exception(message, inner);
