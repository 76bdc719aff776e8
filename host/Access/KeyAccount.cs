namespace Glm5.Host.Access;

/// <summary>Why a key's request is not taken now.</summary>
/// <param name="Limit">Which limit, in the metrics' word.</param>
/// <param name="Message">A sentence with the figures.</param>
/// <param name="RetryAfter">When trying again makes sense.</param>
internal readonly record struct KeyRefusal(string Limit, string Message, TimeSpan RetryAfter);

/// <summary>
/// What a key uses: its requests in flight, and a bucket of tokens that fills by the minute. What an answer costs is
/// known only when it has ended, so the bucket may go into debt; while it is not above zero no request is taken.
/// </summary>
internal sealed class KeyAccount
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private KeyLimits _limits;
    private int _inFlight;
    private double _tokens;
    private long _filledAt;

    public KeyAccount(KeyLimits limits, TimeProvider time)
    {
        (_limits, _time) = (limits, time);
        (_tokens, _filledAt) = (limits.TokensPerMinute ?? 0, time.GetTimestamp());
    }

    /// <summary>What the key may use. New limits hold for the next request; debts stay.</summary>
    public KeyLimits Limits
    {
        get
        {
            lock (_lock)
            {
                return _limits;
            }
        }

        set
        {
            lock (_lock)
            {
                Fill();
                bool begins = _limits.TokensPerMinute is null;
                _limits = value;
                int most = value.TokensPerMinute ?? 0;
                _tokens = begins ? most : Math.Min(_tokens, most);
            }
        }
    }

    /// <summary>Tokens that may be used now; below zero is debt. Without a limit: null.</summary>
    public double? Tokens
    {
        get
        {
            lock (_lock)
            {
                Fill();
                return _limits.TokensPerMinute is null ? null : _tokens;
            }
        }
    }

    /// <summary>Requests in flight.</summary>
    public int InFlight
    {
        get
        {
            lock (_lock)
            {
                return _inFlight;
            }
        }
    }

    /// <summary>Takes a place for a request, or says why not; <see cref="Leave"/> gives it back.</summary>
    public KeyRefusal? Enter()
    {
        lock (_lock)
        {
            if (_inFlight >= _limits.MaxRequests)
            {
                return new KeyRefusal(
                    "requests",
                    $"this key has {_inFlight} requests in flight and may have {_limits.MaxRequests}; wait until one has ended",
                    TimeSpan.FromSeconds(1));
            }

            Fill();
            if (_limits.TokensPerMinute is { } perMinute && _tokens <= 0)
            {
                TimeSpan wait = Until(1, perMinute);
                return new KeyRefusal(
                    "tokens",
                    $"this key has used its {perMinute} tokens a minute; try again in {Math.Ceiling(wait.TotalSeconds):F0} s",
                    wait);
            }

            _inFlight++;
            return null;
        }
    }

    /// <summary>Gives a request's place back.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _inFlight--;
        }
    }

    /// <summary>Takes tokens; a negative number gives some back.</summary>
    public void Charge(int tokens)
    {
        lock (_lock)
        {
            Fill();
            _tokens = Math.Min(_tokens - tokens, _limits.TokensPerMinute ?? 0);
        }
    }

    /// <summary>How long until the bucket is full again.</summary>
    public TimeSpan UntilFull()
    {
        lock (_lock)
        {
            Fill();
            return _limits.TokensPerMinute is { } perMinute ? Until(perMinute, perMinute) : TimeSpan.Zero;
        }
    }

    private TimeSpan Until(double tokens, int perMinute) =>
        TimeSpan.FromMinutes(Math.Max(0, tokens - _tokens) / perMinute);

    private void Fill()
    {
        long now = _time.GetTimestamp();
        if (_limits.TokensPerMinute is { } perMinute)
        {
            double earned = perMinute * _time.GetElapsedTime(_filledAt, now).TotalMinutes;
            _tokens = Math.Min(perMinute, _tokens + earned);
        }

        _filledAt = now;
    }
}
