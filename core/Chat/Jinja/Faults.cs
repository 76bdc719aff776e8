namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// What went wrong while rendering, before it is given its place. Never leaves <see cref="ChatTemplate"/>.
/// </summary>
internal sealed class RenderFault(string message) : Exception(message);

/// <summary>What is wrong with a template's source. Never leaves <see cref="ChatTemplate"/>.</summary>
/// <param name="message">What was expected, and what is there.</param>
/// <param name="offset">Where, in the normalised source.</param>
internal sealed class SyntaxFault(string message, int offset) : Exception(message)
{
    public int Offset { get; } = offset;
}
