using Glm5.Core.Weights;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// <c>GET /health</c>: 200 when requests are served; 503 while loading, with phase and progress, while
/// draining, and after a failure, with its sentence.
/// </summary>
internal static class HealthEndpoint
{
    public static Task AnswerAsync(HttpContext http)
    {
        ServedModel model = http.RequestServices.GetRequiredService<ServedModel>();
        HealthAnswer answer = Describe(model);
        http.Response.StatusCode = answer.Status == "ready"
            ? StatusCodes.Status200OK
            : StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.CacheControl = "no-store";
        if (answer.Status == "loading")
            http.Response.Headers.RetryAfter = "1";
        return http.Response.WriteAsJsonAsync(answer, WireJson.Readable.HealthAnswer);
    }

    /// <summary>
    /// <c>GET /health/live</c>: 200 while starting the program again would not help, loading and draining too.
    /// </summary>
    public static Task AnswerLiveAsync(HttpContext http)
    {
        HealthAnswer answer = Describe(http.RequestServices.GetRequiredService<ServedModel>());
        if (answer.Status == "failed")
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsJsonAsync(answer, WireJson.Readable.HealthAnswer);
    }

    private static HealthAnswer Describe(ServedModel model)
    {
        LoadStatus status = model.Status;
        string? failure = model.Failure;
        string word = model.IsDraining ? "draining"
            : failure is not null ? "failed"
            : model.TryGetReady(out _) ? "ready"
            : "loading";
        string phase = word == "loading" ? status.Phase.ToString().ToLowerInvariant() : word;
        var answer = new HealthAnswer(word, phase, model.Names[0])
        {
            ElapsedSeconds = Math.Round(status.Elapsed.TotalSeconds, 3),
        };
        if (word == "failed")
            return answer with { Failure = failure };
        if (word != "loading" || status.BytesTotal == 0)
            return answer;
        return answer with
        {
            BytesDone = status.BytesDone,
            BytesTotal = status.BytesTotal,
            BytesPerSecond = Math.Round(status.BytesPerSecond),
            Percent = Math.Round(100.0 * status.BytesDone / status.BytesTotal, 1),
            RemainingSeconds = status.Remaining is { } remaining ? Math.Round(remaining.TotalSeconds, 1) : null,
        };
    }
}
