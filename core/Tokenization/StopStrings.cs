namespace Glm5.Core.Tokenization;

/// <summary>
/// Looks for a request's stop strings in streamed text. Text that could still become one is held back. One thread.
/// </summary>
public sealed class StopStrings(IReadOnlyList<string> stops, bool includeStop = false)
{
    /// <summary>The stop string that was found; null until then.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes the next piece of text and returns what may be shown: everything before the earliest stop string.</summary>
    public string Append(string text)
    {
        _ = (stops, includeStop);
        throw new NotImplementedException();
    }

    /// <summary>What was held back, at the end of an answer without a stop string.</summary>
    public string Flush() => throw new NotImplementedException();
}
