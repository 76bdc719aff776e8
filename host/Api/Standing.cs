using Glm5.Core;
using Glm5.Host.Access;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>What the engine is told beside a request's own fields: whose it is, and how long it may wait.</summary>
internal static class Standing
{
    /// <summary>The same request with its key's share; its own longest wait prevails over the server's.</summary>
    public static GenerationRequest Of(HttpContext http, GenerationRequest request)
    {
        TimeSpan wait = http.RequestServices.GetRequiredService<ServeOptions>().QueueTimeout;
        ApiKey? key = KeyLease.Of(http)?.Key;
        return request with
        {
            ShareKey = key?.Name,
            ShareWeight = key?.Weight ?? 1,
            MaxWait = request.MaxWait ?? (wait > TimeSpan.Zero ? wait : null),
        };
    }
}
