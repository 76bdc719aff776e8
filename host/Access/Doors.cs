using System.Threading.RateLimiting;
using Glm5.Host.Api;
using Glm5.Host.Serving;

namespace Glm5.Host.Access;

/// <summary>Bounds how many requests of the API are handled at once, from their first byte to their answer's last.</summary>
internal sealed class Doors : IDisposable
{
    private readonly ConcurrencyLimiter? _places;
    private readonly int _most;

    public Doors(ServeOptions options)
    {
        _most = options.MaxRequests;
        if (_most > 0)
            _places = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = _most, QueueLimit = 0 });
    }

    /// <summary>Runs a request while there is a place for it.</summary>
    /// <exception cref="ApiException">503: there is none.</exception>
    public async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        if (_places is null || !HttpMethods.IsPost(http.Request.Method))
        {
            await next(http);
            return;
        }

        using RateLimitLease place = _places.AttemptAcquire();
        if (!place.IsAcquired)
        {
            throw ApiException.Unavailable(
                $"{_most} requests are being handled, which is the most (--max-concurrent-requests); try again in a moment",
                TimeSpan.FromSeconds(1));
        }

        await next(http);
    }

    public void Dispose() => _places?.Dispose();
}
