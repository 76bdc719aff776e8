using System.Globalization;
using Glm5.Host.Api;
using Glm5.Host.Api.Anthropic;
using Glm5.Host.Metrics;

namespace Glm5.Host.Access;

/// <summary>
/// Where the server has keys, lets requests in that carry one and keeps each key to its limits. Nothing of a key that was
/// sent is ever told or logged.
/// </summary>
internal sealed class KeyGate(KeySource keys, ServerMetrics metrics, TimeProvider time)
{
    /// <summary>Runs a request within its key's limits.</summary>
    /// <exception cref="ApiException">401 without a valid key, 429 beyond a limit.</exception>
    public Task PassAsync(HttpContext http, RequestDelegate next)
    {
        if (!keys.AsksForKeys || OpenPath.Is(http))
            return next(http);
        ApiKey key = Require(http.Request);
        return HttpMethods.IsPost(http.Request.Method) ? LeaseAsync(http, key, next) : next(http);
    }

    private ApiKey Require(HttpRequest request)
    {
        (string? secret, string header) = Read(request);
        if (secret is null)
        {
            throw Refusal(
                "this server asks for a key: send the header Authorization: Bearer <key>, or x-api-key: <key>");
        }

        return keys.Ring.Find(secret) ?? throw Refusal($"the key in the header {header} is not one of this server's");
    }

    private async Task LeaseAsync(HttpContext http, ApiKey key, RequestDelegate next)
    {
        KeyAccount account = keys.AccountOf(key);
        KeyRefusal? refusal = account.Enter();
        WriteLimits(http, account);
        if (refusal is { } refused)
        {
            metrics.KeyRefused(key.Name, refused.Limit);
            throw new ApiException(StatusCodes.Status429TooManyRequests, refused.Message)
            {
                Code = "rate_limit_exceeded",
                RetryAfter = refused.RetryAfter,
            };
        }

        using var lease = new KeyLease(key, account);
        http.Features.Set(lease);
        await next(http);
    }

    // Anthropic's clients have a header of their own.
    private static (string? Secret, string Header) Read(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return (header["Bearer ".Length..].Trim(), "Authorization");
        string secret = request.Headers["x-api-key"].ToString();
        return (secret.Length > 0 ? secret.Trim() : null, "x-api-key");
    }

    /// <summary>What is left, in the headers that clients of either API read.</summary>
    private void WriteLimits(HttpContext http, KeyAccount account)
    {
        IHeaderDictionary headers = http.Response.Headers;
        bool isAnthropic = MessagesError.IsFor(http.Request);
        KeyLimits limits = account.Limits;
        if (limits.MaxRequests is { } requests)
        {
            string left = Whole(Math.Max(0, requests - account.InFlight));
            headers[isAnthropic ? "anthropic-ratelimit-requests-limit" : "x-ratelimit-limit-requests"] = Whole(requests);
            headers[isAnthropic ? "anthropic-ratelimit-requests-remaining" : "x-ratelimit-remaining-requests"] = left;
        }

        if (limits.TokensPerMinute is not { } tokens)
            return;
        headers[isAnthropic ? "anthropic-ratelimit-tokens-limit" : "x-ratelimit-limit-tokens"] = Whole(tokens);
        headers[isAnthropic ? "anthropic-ratelimit-tokens-remaining" : "x-ratelimit-remaining-tokens"] =
            Whole(Math.Max(0, (int)(account.Tokens ?? 0)));
        TimeSpan full = account.UntilFull();
        if (isAnthropic)
            headers["anthropic-ratelimit-tokens-reset"] = (time.GetUtcNow() + full).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        else
            headers["x-ratelimit-reset-tokens"] = $"{Math.Ceiling(full.TotalSeconds):F0}s";
    }

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static ApiException Refusal(string message) =>
        new(StatusCodes.Status401Unauthorized, message) { Code = "invalid_api_key" };
}
