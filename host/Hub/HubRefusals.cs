using System.Net;
using System.Net.Http.Headers;

namespace Glm5.Host.Hub;

/// <summary>What an answer other than success means, and what to do about it.</summary>
internal static class HubRefusals
{
    /// <summary>
    /// The exception for an answer: <see cref="LinkFaultException"/> where waiting may help, else final.
    /// </summary>
    public static Exception Of(
        HttpResponseMessage response, ModelHub hub, ModelId model, TimeSpan longestPause, TimeProvider clock)
    {
        string code = response.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? codes)
            ? codes.First()
            : "";
        return (response.StatusCode, code) switch
        {
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, "GatedRepo") => Gated(hub, model),
            (HttpStatusCode.Unauthorized, _) => NoAccount(hub, model),
            (HttpStatusCode.Forbidden, _) => Forbidden(hub, model),
            (HttpStatusCode.NotFound or HttpStatusCode.Gone, "RevisionNotFound") => new HubException(
                HubFault.NotFound,
                $"{model.Repository} has no revision '{model.Revision ?? hub.MainBranch}' at {hub.Host}; its branches "
                + $"and tags are at {hub.PageOf(model)}"),
            (HttpStatusCode.NotFound or HttpStatusCode.Gone, "EntryNotFound") => new HubException(
                HubFault.NotFound,
                $"{hub.Host} lists a file of {model} that it does not have; try again later, or with another revision"),
            (HttpStatusCode.NotFound or HttpStatusCode.Gone, _) => new HubException(
                HubFault.NotFound,
                $"{hub.Host} has no model {model}; check its spelling and revision at {hub.PageOf(model)}"),
            (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, _) =>
                Busy(response, hub, longestPause, clock),
            (HttpStatusCode.RequestedRangeNotSatisfiable, _) when response.RequestMessage?.Headers.Range is not null =>
                new FileRestartException("it became shorter", serverKnowsRanges: true),
            (HttpStatusCode.RequestTimeout, _) or ( >= HttpStatusCode.InternalServerError, _) =>
                new LinkFaultException($"{hub.Host} answered with status {(int)response.StatusCode}"),
            _ => new HubException(
                HubFault.Unreachable,
                $"{hub.Host} answered with status {(int)response.StatusCode}, which no request of a download should "
                + $"get; is the endpoint {hub.Place.Endpoint} right?"),
        };
    }

    /// <summary>
    /// The exception for an answer of the store that the hub redirects to. It knows no accounts and no models: it
    /// refuses an address that has grown old, and the next attempt gets a new one from the hub.
    /// </summary>
    public static Exception OfStore(
        HttpResponseMessage response, string store, ModelHub hub, TimeSpan longestPause, TimeProvider clock) =>
        response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable =>
                Busy(response, hub, longestPause, clock),
            HttpStatusCode.RequestedRangeNotSatisfiable =>
                new FileRestartException("it became shorter", serverKnowsRanges: true),
            _ => new LinkFaultException(
                $"{store}, where {hub.Host} keeps its files, answered with status {(int)response.StatusCode}"),
        };

    // Hubs answer the same for a model that is private and for one that does not exist.
    private static HubException NoAccount(ModelHub hub, ModelId model) => new(
        HubFault.Denied,
        hub.Place.Token is { } token
            ? $"{hub.Host} does not accept the token of {token.Origin} for {model}: it is wrong or expired, or there "
                + $"is no such model. Renew it at {hub.Place.Endpoint}settings/tokens, or check the name at "
                + $"{hub.PageOf(model)}"
            : $"{hub.Host} does not show {model} to everybody: it is private or gated, or there is no such model. "
                + $"Check the name at {hub.PageOf(model)}; if you have access, set {hub.TokenVariable} to a token that "
                + "may read it");

    private static HubException Forbidden(ModelHub hub, ModelId model) => new(
        HubFault.Denied,
        hub.Place.Token is { } token
            ? $"the token of {token.Origin} may not read {model}: give it read access to this repository, or use "
                + $"another account's token in {hub.TokenVariable}"
            : $"{hub.Host} refuses {model} without an account: set {hub.TokenVariable} to a token that may read it");

    private static HubException Gated(ModelHub hub, ModelId model) => new(
        HubFault.Denied,
        $"{model} is gated: accept its terms at {hub.PageOf(model)}, then "
        + (hub.Place.Token is { } token
            ? $"try again with a token of the same account (used now: the token of {token.Origin})"
            : $"set {hub.TokenVariable} to a token of the same account"));

    private static Exception Busy(HttpResponseMessage response, ModelHub hub, TimeSpan longestPause, TimeProvider clock)
    {
        TimeSpan? pause = Pause(response.Headers.RetryAfter, clock);
        int status = (int)response.StatusCode;
        return pause > longestPause
            ? new HubException(
                HubFault.Unreachable,
                $"{hub.Host} asks to wait {Printable.Time(pause.Value)} (status {status}): try again then; a token in "
                + $"{hub.TokenVariable} raises its limits. What has arrived is kept")
            : new LinkFaultException($"{hub.Host} is busy (status {status})", pause);
    }

    private static TimeSpan? Pause(RetryConditionHeaderValue? asked, TimeProvider clock)
    {
        TimeSpan? pause = asked?.Delta ?? asked?.Date - clock.GetUtcNow();
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }
}
