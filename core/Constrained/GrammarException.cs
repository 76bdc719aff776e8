namespace Glm5.Core.Constrained;

/// <summary>
/// A form that answers cannot be held to: not well formed, not implemented, too large, or without any answer.
/// </summary>
/// <param name="location">Where in its source, as a JSON pointer (<c>#/properties/age/not</c>) or an offset; may be
/// empty.</param>
/// <param name="message">What is wrong and what to do.</param>
public sealed class GrammarException(string location, string message) : Exception(message)
{
    /// <summary>Where in its source.</summary>
    public string Location { get; } = location;
}
