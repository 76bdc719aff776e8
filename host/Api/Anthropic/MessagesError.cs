namespace Glm5.Host.Api.Anthropic;

/// <summary>Errors in the shape and with the statuses of Anthropic's API.</summary>
internal static class MessagesError
{
    /// <summary>Anthropic's status for a server that is busy; clients try again after it.</summary>
    private const int Overloaded = 529;

    /// <summary>True for the paths that answer so.</summary>
    public static bool IsFor(HttpRequest request) => request.Path.StartsWithSegments("/v1/messages");

    /// <summary>The status to answer with.</summary>
    public static int StatusOf(ApiException error) =>
        error.Status == StatusCodes.Status503ServiceUnavailable ? Overloaded : error.Status;

    /// <summary>The answer's body.</summary>
    public static MessagesErrorBody Body(ApiException error) => new(TypeOf(error.Status), error.Message);

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable or Overloaded => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
