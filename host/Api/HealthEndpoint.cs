using Glm5.Core.Weights;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// <c>GET /health</c>: 200 when requests are served; 503 while loading, with phase and progress, and while draining.
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

    private static HealthAnswer Describe(ServedModel model)
    {
        LoadStatus status = model.Status;
        string word = model.IsDraining ? "draining" : status.Phase switch
        {
            LoadPhase.Ready => "ready",
            LoadPhase.Failed => "failed",
            _ => "loading",
        };
        string phase = word == "draining" ? word : status.Phase.ToString().ToLowerInvariant();
        var answer = new HealthAnswer(word, phase, model.Names[0])
        {
            ElapsedSeconds = Math.Round(status.Elapsed.TotalSeconds, 3),
        };
        if (word == "failed")
            return answer with { Failure = status.Failure };
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
