namespace Glm5.Core;

/// <summary>The waiting queue is full or the engine is stopping: the request may be tried again later.</summary>
/// <param name="message">A sentence with the figures.</param>
/// <param name="retryAfter">When trying again makes sense.</param>
public sealed class EngineBusyException(string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>When trying again makes sense.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A request that this model can never serve. The message says which limit and both numbers.</summary>
/// <param name="message">The sentence.</param>
/// <param name="field">The request's field at fault: <c>prompt</c>, <c>max_tokens</c> …</param>
public sealed class RequestRefusedException(string message, string field) : Exception(message)
{
    /// <summary>The request's field at fault.</summary>
    public string Field { get; } = field;

    /// <summary>True when prompt and answer do not fit the model's context; otherwise the field itself is wrong.</summary>
    public bool IsBeyondContext { get; init; }
}

/// <summary>A request was not begun within the time that it had set itself.</summary>
/// <param name="waited">How long it waited.</param>
/// <param name="limit">How long it would.</param>
public sealed class RequestExpiredException(TimeSpan waited, TimeSpan limit) : Exception(
    $"the request waited {waited.TotalSeconds:F1} s for its turn and was to wait no longer than {limit.TotalSeconds:F1} s")
{
    /// <summary>How long it waited.</summary>
    public TimeSpan Waited { get; } = waited;
}
