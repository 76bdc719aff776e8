using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Host.Api.Anthropic;

namespace Glm5.Host.Api;

/// <summary>Every error leaves as JSON: what endpoints throw, and what routing refuses.</summary>
internal static partial class ErrorAnswers
{
    /// <summary>The outermost middleware.</summary>
    public static async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: 404 or 405 or 415, ContentLength: null })
                await WriteAsync(http, Unrouted(http));
        }
        catch (Exception exception) when (Disconnection.Explains(http, exception))
        {
            // The client has gone; nobody reads an answer.
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, AsApi(exception, http));
        }
    }

    /// <summary>The error that a client sees for an exception. What nobody foresaw is logged and not told.</summary>
    public static ApiException AsApi(Exception exception, HttpContext http)
    {
        switch (exception)
        {
            case ApiException api:
                return api;
            case RequestRefusedException refused:
                return ApiException.Invalid(
                    refused.Field, refused.Message, CodeOf(refused));
            case EngineBusyException busy:
                return ApiException.Unavailable(busy.Message, busy.RetryAfter);
            case RequestExpiredException expired:
                return new ApiException(StatusCodes.Status504GatewayTimeout, expired.Message)
                {
                    Code = "deadline_exceeded",
                };
            case ChatTemplateException template:
                return ApiException.Invalid("messages", template.Message);
            case BadHttpRequestException bad:
                return new ApiException(bad.StatusCode, bad.Message);
            case AcceleratorException device:
                LogDevice(Logger(http), RequestId.Of(http), device);
                return new ApiException(
                    StatusCodes.Status500InternalServerError, $"the device failed: {device.Message}")
                {
                    Code = "device_failed",
                };
            default:
                LogUnexpected(Logger(http), RequestId.Of(http), exception);
                return new ApiException(
                    StatusCodes.Status500InternalServerError,
                    "an error in the server, which its log describes; other requests are not affected");
        }
    }

    /// <summary>The word for a request that the engine refused.</summary>
    public static string CodeOf(RequestRefusedException refused) =>
        refused.IsBeyondContext ? "context_length_exceeded" : "invalid_value";

    /// <summary>Answers with an error.</summary>
    public static Task WriteAsync(HttpContext http, ApiException error)
    {
        http.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString();
        if (error.Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        if (!MessagesError.IsFor(http.Request))
            return http.Response.WriteAsJsonAsync(Body(error), WireJson.Readable.ErrorAnswer);
        http.Response.StatusCode = MessagesError.StatusOf(error);
        return http.Response.WriteAsJsonAsync(
            new MessagesErrorAnswer("error", MessagesError.Body(error), RequestId.Of(http)), WireJson.Readable.MessagesErrorAnswer);
    }

    /// <summary>The answer's body, which also ends a stream that fails on its way.</summary>
    public static ErrorAnswer Body(ApiException error) =>
        new(new ErrorBody(error.Message, error.Type, error.Param, error.Code));

    /// <summary>Where errors of requests are logged.</summary>
    public static ILogger Logger(HttpContext http) =>
        http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Glm5.Api");

    private static ApiException Unrouted(HttpContext http)
    {
        string route = $"{http.Request.Method} {http.Request.Path}";
        return http.Response.StatusCode switch
        {
            405 => new ApiException(405, $"{route} is not allowed; this path takes {http.Response.Headers.Allow}")
            {
                Code = "method_not_allowed",
            },
            415 => new ApiException(415, $"{route} takes Content-Type: application/json")
            {
                Code = "unsupported_media_type",
            },
            _ => new ApiException(404, $"there is no {route}; see {ApiRoutes.Listing}") { Code = "not_found" },
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Request}: a device failed")]
    private static partial void LogDevice(ILogger logger, string request, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Request}: a request failed")]
    private static partial void LogUnexpected(ILogger logger, string request, Exception exception);
}
