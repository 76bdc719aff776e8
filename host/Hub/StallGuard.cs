namespace Glm5.Host.Hub;

/// <summary>
/// A body that is read under a bound on silence: a link that brings next to nothing is a fault, not a wait.
/// </summary>
internal sealed class StallGuard : IAsyncDisposable
{
    private readonly Stream _body;
    private readonly HubSettings _settings;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _patience;
    private readonly CancellationTokenSource _either;
    private long _sinceArmed;

    private StallGuard(Stream body, HubSettings settings, TimeProvider clock, CancellationToken stop)
    {
        (_body, _settings, _stop) = (body, settings, stop);
        _patience = new CancellationTokenSource(settings.StallTime, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(stop, _patience.Token);
    }

    /// <summary>Opens the body of an answer, which stays the caller's to dispose.</summary>
    public static async Task<StallGuard> OpenAsync(
        HttpResponseMessage response, HubSettings settings, TimeProvider clock, CancellationToken stop) =>
        new(await response.Content.ReadAsStreamAsync(stop), settings, clock, stop);

    /// <summary>Reads what there is, at least a byte; 0 at the end.</summary>
    /// <exception cref="LinkFaultException">The link broke or stalled.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> into)
    {
        int read;
        try
        {
            read = await _body.ReadAsync(into, _either.Token);
        }
        catch (IOException exception)
        {
            throw new LinkFaultException($"the link broke: {exception.Message}", null, exception);
        }
        catch (OperationCanceledException exception) when (!_stop.IsCancellationRequested)
        {
            throw new LinkFaultException(
                $"the link stalled: less than {Printable.Bytes(_settings.StallBytes)} in "
                + $"{Printable.Time(_settings.StallTime)}",
                null, exception);
        }

        _sinceArmed += read;
        if (_sinceArmed >= _settings.StallBytes)
        {
            _sinceArmed = 0;
            _patience.CancelAfter(_settings.StallTime);
        }

        return read;
    }

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _either.Dispose();
        _patience.Dispose();
    }
}
