namespace Glm5.Host.Hub;

/// <summary>
/// A secret for a hub. It reaches an <c>Authorization</c> header and nothing else: it does not print.
/// </summary>
internal sealed class HubToken
{
    private HubToken(string value, string origin) => (Value, Origin) = (value, origin);

    /// <summary>The secret.</summary>
    public string Value { get; }

    /// <summary>The variable or file that it came from, for messages.</summary>
    public string Origin { get; }

    /// <summary>A token; null when the text is empty.</summary>
    /// <exception cref="HubException">It cannot stand in a header. The message does not show it.</exception>
    public static HubToken? From(string? text, string origin)
    {
        string value = text?.Trim() ?? "";
        if (value.Length == 0)
            return null;
        if (value.Length > 1024 || value.Any(c => c is <= ' ' or >= '\x7f' or ';' or ','))
        {
            throw new HubException(
                HubFault.Denied,
                $"{origin} does not hold a token: it has spaces, separators, control characters or is too long");
        }

        return new HubToken(value, origin);
    }

    /// <summary>Not the secret.</summary>
    public override string ToString() => $"(token of {Origin})";
}
