using System.Security.Cryptography;
using Glm5.Host.Api.Anthropic;

namespace Glm5.Host.Api;

/// <summary>
/// The name by which a client, a proxy and the log speak of one request: what came as <c>x-request-id</c> where that is a
/// word, otherwise a new one. It is sent back with every answer, errors too.
/// </summary>
internal static class RequestId
{
    /// <summary>The header in both directions.</summary>
    public const string Header = "x-request-id";

    private const string AnthropicHeader = "request-id";
    private const int Longest = 128;

    /// <summary>Gives a request its name, before anything can refuse it.</summary>
    public static Task AssignAsync(HttpContext http, RequestDelegate next)
    {
        string given = http.Request.Headers[Header].ToString();
        http.TraceIdentifier = IsWord(given) ? given : $"req-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        http.Response.Headers[Header] = http.TraceIdentifier;
        if (MessagesError.IsFor(http.Request))
            http.Response.Headers[AnthropicHeader] = http.TraceIdentifier;
        return next(http);
    }

    /// <summary>A request's name.</summary>
    public static string Of(HttpContext http) => http.TraceIdentifier;

    // It stands in lines of the log: nothing that could begin another.
    private static bool IsWord(string given) =>
        given.Length is > 0 and <= Longest && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');
}
