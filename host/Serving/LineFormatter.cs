using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Glm5.Host.Serving;

/// <summary>One line for each entry: time with its offset (ISO 8601), level, message, and below it an exception where there is one.</summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    /// <summary>Its name in the logging options.</summary>
    public const string FormatterName = "line";

    /// <inheritdoc/>
    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(time.GetLocalNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        textWriter.Write(LevelWord(logEntry.LogLevel));
        textWriter.WriteLine(logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is not null)
            textWriter.WriteLine(logEntry.Exception);
    }

    private static string LevelWord(LogLevel level) => level switch
    {
        LogLevel.Warning => " warning: ",
        LogLevel.Error => " error: ",
        LogLevel.Critical => " critical: ",
        LogLevel.Debug or LogLevel.Trace => " debug: ",
        _ => " ",
    };
}
