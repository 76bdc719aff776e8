using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Clients.Hub;

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordedLog : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public string[] Lines => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception));
}
