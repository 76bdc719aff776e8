using System.Globalization;
using Glm5.Core;

namespace Glm5.Host.Api;

/// <summary>
/// On what terms a request waits for its turn: how urgent it is, and for how long at most. OpenAI's forms have fields
/// for that; headers say the same for every form, and a gateway can set them. A field prevails over a header.
/// </summary>
/// <param name="Priority">As vLLM has it: lower is served first; null for neither.</param>
/// <param name="QueueTimeout">The longest time until the first step; null for none.</param>
internal readonly record struct WaitTerms(int? Priority, TimeSpan? QueueTimeout)
{
    /// <summary>The header for <c>priority</c>.</summary>
    public const string PriorityHeader = "x-request-priority";

    /// <summary>The header for <c>queue_timeout_ms</c>.</summary>
    public const string TimeoutHeader = "x-queue-timeout-ms";

    private const int LongestShown = 40;

    /// <summary>Reads the fields <c>priority</c> and <c>queue_timeout_ms</c>.</summary>
    public static WaitTerms Read(RequestFields fields) => new(
        (int?)fields.Whole("priority", int.MinValue, int.MaxValue),
        fields.Whole("queue_timeout_ms", 1, int.MaxValue) is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null);

    /// <summary>The request under these terms, and the headers' where these say nothing.</summary>
    /// <exception cref="ApiException">A header does not hold such a number.</exception>
    public GenerationRequest Apply(GenerationRequest request, IHeaderDictionary headers) => request with
    {
        Priority = Priority ?? Whole(headers, PriorityHeader, int.MinValue) ?? 0,
        MaxWait = QueueTimeout
            ?? (Whole(headers, TimeoutHeader, 1) is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null),
    };

    private static int? Whole(IHeaderDictionary headers, string name, int least)
    {
        string text = headers[name].ToString();
        if (text.Length == 0)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) && whole >= least
            ? whole
            : throw RequestFields.Wrong(
                name, least == int.MinValue ? "a whole number" : $"a whole number of at least {least}",
                text.Length <= LongestShown ? $"'{text}'" : $"{text.Length} characters");
    }
}
