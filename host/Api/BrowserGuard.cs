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
        || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);
}
