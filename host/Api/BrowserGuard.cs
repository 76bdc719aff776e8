using System.Net;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Keeps web pages of other sites from using this server through their visitor's browser. A page elsewhere is told by its
/// Origin; a name that an attacker points at this machine (DNS rebinding), by a Host that no loopback server has.
/// </summary>
internal sealed class BrowserGuard(ServeOptions options)
{
    private readonly bool _isLoopback = options.Host == "localhost"
        || (IPAddress.TryParse(options.Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Stands for every origin.</summary>
    private const string Anywhere = "*";

    /// <summary>Headers of answers that pages elsewhere may read.</summary>
    private static readonly string[] s_readable =
    [
        RequestId.Header, "Retry-After", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
    ];

    /// <summary>
    /// Lets pages of the allowed origins read answers, and answers the question that their browser asks before it sends
    /// one.
    /// </summary>
    public static void UseCors(WebApplication app)
    {
        IReadOnlyList<string> origins = app.Services.GetRequiredService<ServeOptions>().AllowedOrigins;
        if (origins.Count == 0)
            return;
        app.UseCors(policy =>
        {
            policy.AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(s_readable)
                .SetPreflightMaxAge(TimeSpan.FromHours(1));
            if (origins.Contains(Anywhere))
                policy.AllowAnyOrigin();
            else
                policy.WithOrigins([.. origins]);
        });
    }

    /// <summary>Refuses what a page of another site sends.</summary>
    /// <exception cref="ApiException">421 for a foreign Host, 403 for a foreign Origin.</exception>
    public void Check(HttpRequest request)
    {
        if (_isLoopback && !IsOfThisMachine(request.Host))
        {
            throw new ApiException(
                StatusCodes.Status421MisdirectedRequest,
                $"the Host is {request.Host.Host}; a server that listens at {options.Host} is called localhost or by its IP "
                + "address, or listens elsewhere (--host)")
            {
                Code = "wrong_host",
            };
        }

        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && HttpMethods.IsPost(request.Method) && !IsAllowed(origin, request))
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden,
                $"requests of pages from {origin} are not taken; --allowed-origin names the pages that may ask")
            {
                Code = "origin_not_allowed",
            };
        }
    }

    // HTTP/1.0 has no Host; no browser speaks it.
    private static bool IsOfThisMachine(HostString host) =>
        !host.HasValue || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host.Host, out _);

    // Behind a proxy with TLS the page's scheme is not this server's: the authority decides.
    private bool IsAllowed(string origin, HttpRequest request) =>
        (Uri.TryCreate(origin, UriKind.Absolute, out Uri? from)
            && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
        || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || options.AllowedOrigins.Contains(Anywhere);
}
