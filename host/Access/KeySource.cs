using Glm5.Host.Serving;

namespace Glm5.Host.Access;

/// <summary>
/// The server's keys: those of its command line, and those of a file, which is read again when it changes. A file that
/// cannot be read then leaves the keys as they were. What a key uses stays with its name.
/// </summary>
internal sealed partial class KeySource : IDisposable
{
    private readonly ServeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileWatch? _watch;
    private readonly Lock _accountsLock = new();
    private readonly Dictionary<string, KeyAccount> _accounts = new(StringComparer.Ordinal);
    private volatile KeyRing _ring;

    /// <summary>Reads the keys.</summary>
    /// <exception cref="AccessException">The file cannot be used.</exception>
    public KeySource(ServeOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        (_options, _time, _logger) = (options, time, loggers.CreateLogger("Glm5.Keys"));
        _ring = Read();
        if (options.ApiKeyFile is { } path)
            _watch = new FileWatch([path], time, ReadAgain);
    }

    /// <summary>True where a request has to carry a key, even if there is none that would do.</summary>
    public bool AsksForKeys => _options.ApiKeys.Count > 0 || _options.ApiKeyFile is not null;

    /// <summary>The keys now.</summary>
    public KeyRing Ring => _ring;

    /// <summary>What a key uses, by its name.</summary>
    public KeyAccount AccountOf(ApiKey key)
    {
        lock (_accountsLock)
        {
            if (!_accounts.TryGetValue(key.Name, out KeyAccount? account))
                _accounts[key.Name] = account = new KeyAccount(LimitsOf(key), _time);
            return account;
        }
    }

    public void Dispose() => _watch?.Dispose();

    private KeyLimits LimitsOf(ApiKey key) => key.Limits.Or(_options.KeyLimits);

    private KeyRing Read()
    {
        IEnumerable<ApiKey> ofLine = _options.ApiKeys.Select(
            (secret, i) => new ApiKey($"api-key-{i + 1}", ApiKey.DigestOf(secret)));
        return new KeyRing(_options.ApiKeyFile is { } path ? ofLine.Concat(KeyFile.Read(path)) : ofLine);
    }

    private void ReadAgain()
    {
        try
        {
            KeyRing ring = Read();
            lock (_accountsLock)
            {
                foreach (ApiKey key in ring.All)
                {
                    if (_accounts.TryGetValue(key.Name, out KeyAccount? account))
                        account.Limits = LimitsOf(key);
                }
            }

            _ring = ring;
            LogRead(_logger, ring.All.Count);
        }
        catch (AccessException exception)
        {
            LogKept(_logger, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The file of keys has changed: {Keys} keys now")]
    private static partial void LogRead(ILogger logger, int keys);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of keys has changed and cannot be used; the keys stay as they were: {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);
}
