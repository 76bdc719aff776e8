using System.Net;
using System.Net.Http.Headers;
using Polly;
using Polly.Retry;

namespace Glm5.Host.Hub;

/// <summary>
/// Requests to a hub: redirects followed by hand, so that the token goes to the hub's own host and no other; silence
/// bounded; what can pass tried again, with every wait logged.
/// </summary>
internal sealed partial class HubHttp : IDisposable
{
    private const int MostRedirects = 8;

    private readonly ModelHub _hub;
    private readonly HubSettings _settings;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;
    private readonly ResiliencePipeline _patient;

    /// <param name="hub">Whom to ask.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="logger">Told of every wait.</param>
    /// <param name="clock">Measures the waits.</param>
    public HubHttp(ModelHub hub, HubSettings settings, ILogger logger, TimeProvider clock)
    {
        (_hub, _settings, _logger, _clock) = (hub, settings, logger, clock);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.StallTime,
            MaxConnectionsPerServer = settings.Connections + 1,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("glm5", Cli.ProgramVersion.Number));
        _patient = BuildRetries();
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Runs a request under the policy for what can pass.</summary>
    /// <exception cref="HubException">It did not pass.</exception>
    public async Task PatientlyAsync(Func<CancellationToken, ValueTask> request, string what, CancellationToken stop)
    {
        try
        {
            await _patient.ExecuteAsync(request, stop);
        }
        catch (LinkFaultException fault)
        {
            throw new HubException(
                HubFault.Unreachable,
                $"{what} could not be fetched from {_hub.Host}: {fault.Message}, {_settings.Retries + 1} times in a row"
                + ". Check the network and the endpoint; what has arrived is kept, and the same command continues it",
                fault);
        }
    }

    /// <summary>A whole answer of at most <paramref name="most"/> bytes.</summary>
    public async Task<byte[]> ReadAsync(Uri address, int most, ModelId model, CancellationToken stop)
    {
        byte[] answer = [];
        await PatientlyAsync(
            async token => answer = await ReadOnceAsync(address, most, model, token), model.ToString(), stop);
        return answer;
    }

    /// <summary>One attempt to open an address; the answer is 200 or 206, its body unread.</summary>
    /// <param name="address">At the hub.</param>
    /// <param name="range">The bytes wanted; null for all.</param>
    /// <param name="validator">Strong entity tag that the file must still have; null when unknown.</param>
    /// <param name="model">For messages.</param>
    /// <param name="stop">Ends the attempt.</param>
    /// <exception cref="LinkFaultException">It can be tried again.</exception>
    /// <exception cref="HubException">It cannot.</exception>
    public async Task<HttpResponseMessage> OpenAsync(
        Uri address, RangeHeaderValue? range, EntityTagHeaderValue? validator, ModelId model, CancellationToken stop)
    {
        Uri at = address;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            HttpResponseMessage response = await SendAsync(at, range, validator, stop);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
                return response;
            using (response)
            {
                if (Redirection(response, at) is { } next)
                    at = next;
                else if (IsHubItself(at))
                    throw HubRefusals.Of(response, _hub, model, _settings.LongestPause, _clock);
                else
                    throw HubRefusals.OfStore(response, at.Host, _hub, _settings.LongestPause, _clock);
            }
        }

        throw new HubException(
            HubFault.Unreachable,
            $"{_hub.Host} redirects more than {MostRedirects} times; is the endpoint {_hub.Place.Endpoint} right?");
    }

    private async Task<byte[]> ReadOnceAsync(Uri address, int most, ModelId model, CancellationToken stop)
    {
        using HttpResponseMessage response = await OpenAsync(address, null, null, model, stop);
        await using var body = await StallGuard.OpenAsync(response, _settings, _clock, stop);
        using MemoryStream all = new();
        byte[] buffer = new byte[64 << 10];
        int read;
        while ((read = await body.ReadAsync(buffer)) > 0)
        {
            if (all.Length + read > most)
            {
                throw new HubException(
                    HubFault.Untrustworthy,
                    $"{_hub.Host} answered with more than {Printable.Bytes(most)} where a list of files was expected");
            }

            all.Write(buffer, 0, read);
        }

        return response.Content.Headers.ContentLength is { } length && length != all.Length
            ? throw new LinkFaultException($"the answer ended {length - all.Length} bytes early")
            : all.ToArray();
    }

    private async Task<HttpResponseMessage> SendAsync(
        Uri at, RangeHeaderValue? range, EntityTagHeaderValue? validator, CancellationToken stop)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, at);
        request.Headers.Range = range;
        if (range is not null && validator is not null)
            request.Headers.IfRange = new RangeConditionHeaderValue(validator);
        if (_hub.Place.Token is { } token && IsHubItself(at))
            _hub.Authorise(request, token);
        using CancellationTokenSource patience = new(_settings.StallTime, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new LinkFaultException($"{at.Host} cannot be reached: {exception.Message}", null, exception);
        }
        catch (OperationCanceledException exception) when (!stop.IsCancellationRequested)
        {
            throw new LinkFaultException(
                $"{at.Host} did not answer within {Printable.Time(_settings.StallTime)}", null, exception);
        }
    }

    private bool IsHubItself(Uri address) =>
        Uri.Compare(
            address, _hub.Place.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped,
            StringComparison.OrdinalIgnoreCase) == 0;

    private Uri? Redirection(HttpResponseMessage response, Uri from)
    {
        bool redirects = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;
        if (!redirects || response.Headers.Location is not { } location)
            return null;
        // Small files are checked by a digest that stops no attacker: encryption is never given up.
        if (Uri.TryCreate(from, location, out Uri? next)
            && (next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && from.Scheme == next.Scheme)))
        {
            return next;
        }

        throw new HubException(
            HubFault.Untrustworthy,
            $"{_hub.Host} redirects from {from.Scheme} to '{Printable.Text(location.OriginalString)}': not followed");
    }

    private ResiliencePipeline BuildRetries() => new ResiliencePipelineBuilder { TimeProvider = _clock }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = _settings.Retries,
            Delay = _settings.FirstPause,
            BackoffType = DelayBackoffType.Exponential,
            ShouldHandle = new PredicateBuilder().Handle<LinkFaultException>(),
            DelayGenerator = retry => ValueTask.FromResult((retry.Outcome.Exception as LinkFaultException)?.Pause),
            OnRetry = retry =>
            {
                LogRetry(
                    _logger, retry.Outcome.Exception!.Message, retry.RetryDelay.TotalSeconds, retry.AttemptNumber + 1,
                    _settings.Retries);
                return default;
            },
        })
        .Build();

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Problem}; trying again in {Seconds:F1} s (retry {Number} of {Most})")]
    private static partial void LogRetry(ILogger logger, string problem, double seconds, int number, int most);
}
