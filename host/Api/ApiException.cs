namespace Glm5.Host.Api;

/// <summary>
/// A request that is answered with an error, in the shape of OpenAI's API. The message says what to do.
/// </summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The field at fault, as a path: <c>messages[2].content</c>.</summary>
    public string? Param { get; init; }

    /// <summary>A word that programs compare: <c>context_length_exceeded</c>.</summary>
    public string? Code { get; init; }

    /// <summary>Where a field is not known: those that are.</summary>
    public IReadOnlyCollection<string> Known { get; init; } = [];

    /// <summary>When trying again makes sense.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The class of error, as OpenAI's SDKs expect it for the status.</summary>
    public string Type => Status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "service_unavailable_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>A field that does not hold what it should.</summary>
    public static ApiException Invalid(string field, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message) { Param = field, Code = code };

    /// <summary>A known field, or a value of one, that this server does not implement.</summary>
    public static ApiException NotImplemented(string field, string message) =>
        Invalid(field, message, "not_implemented");

    /// <summary>Come again later.</summary>
    public static ApiException Unavailable(string message, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, message) { RetryAfter = retryAfter, Code = "unavailable" };
}
