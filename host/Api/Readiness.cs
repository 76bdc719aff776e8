using Glm5.Core.Weights;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>The model for a request, or the reason why it has to come again.</summary>
internal static class Readiness
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    /// <summary>The ready model.</summary>
    /// <exception cref="ApiException">503 with Retry-After: it is loading, it has failed, or the server is stopping.</exception>
    public static ReadyModel Require(HttpContext http)
    {
        ServedModel model = http.RequestServices.GetRequiredService<ServedModel>();
        if (model.TryGetReady(out ReadyModel? ready))
            return ready;
        if (model.IsDraining)
        {
            throw ApiException.Unavailable(
                "the server is stopping; ask another one, or try again when it is back", TimeSpan.FromSeconds(10));
        }

        if (model.Failure is { } failure)
        {
            throw ApiException.Unavailable(
                $"the model cannot serve: {failure}; the server has to be started again", TimeSpan.FromMinutes(1));
        }

        LoadStatus status = model.Status;
        TimeSpan wait = status.Remaining is { } remaining && remaining < s_longest ? remaining : TimeSpan.FromSeconds(2);
        string amount = status.BytesTotal > 0
            ? $", {100.0 * status.BytesDone / status.BytesTotal:F0} % of its bytes are there"
            : "";
        throw ApiException.Unavailable(
            $"the model is loading ({status.Phase.ToString().ToLowerInvariant()}{amount}); "
            + "GET /health tells how far it is",
            wait);
    }
}
