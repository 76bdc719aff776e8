namespace Glm5.Host.Access;

/// <summary>What one key may use; null bounds nothing.</summary>
/// <param name="MaxRequests">Requests that it may have in flight at once.</param>
/// <param name="TokensPerMinute">
/// Tokens of prompts and answers that it earns a minute, and may save up. Those of prompts that the prefix cache had are
/// not counted.
/// </param>
internal readonly record struct KeyLimits(int? MaxRequests, int? TokensPerMinute)
{
    /// <summary>These, and where they bound nothing the others.</summary>
    public KeyLimits Or(KeyLimits others) =>
        new(MaxRequests ?? others.MaxRequests, TokensPerMinute ?? others.TokensPerMinute);
}
