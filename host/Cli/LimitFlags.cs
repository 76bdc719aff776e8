using System.CommandLine;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>The flags that bound what one request, and all of them together, may take.</summary>
internal sealed class LimitFlags
{
    private readonly Option<int> _bodyMegabytes = WholeNumber.Option(
        "--max-body-mb", "Largest request body in MB", 1, 1024, 32);

    private readonly Option<int> _requests = WholeNumber.Option(
        "--max-concurrent-requests", "Most requests that are handled at once; more get 503 [default: what may run and wait]",
        1, int.MaxValue, 0);

    private readonly Option<int> _connections = WholeNumber.Option(
        "--max-connections", "Most connections at once; more are closed", 1, 1_000_000, 8192);

    private readonly Option<int> _seconds = WholeNumber.Option(
        "--request-timeout", "Seconds from a request's arrival after which its answer is cut [default: none]", 1, 604800, 0);

    private readonly Option<int> _queueSeconds = WholeNumber.Option(
        "--queue-timeout", "Seconds that a request may wait for its first step; then it gets 504 [default: any time]",
        1, 604800, 0);

    private readonly Option<int> _drainSeconds = WholeNumber.Option(
        "--shutdown-timeout", "Seconds that running answers may go on after Ctrl-C or SIGTERM", 0, 86400, 30);

    /// <summary>Adds the flags to a command.</summary>
    public void AddTo(LayeredCommand command) => command.Add(new FlagGroup(
        "Limits", _bodyMegabytes, _requests, _connections, _queueSeconds, _seconds, _drainSeconds));

    /// <summary>The same options with what a line bounds.</summary>
    public ServeOptions Read(ParseResult line, ServeOptions options) => options with
    {
        MaxBodyBytes = (long)line.GetValue(_bodyMegabytes) << 20,
        MaxBodyBytesHeld = Math.Max(512L << 20, (long)line.GetValue(_bodyMegabytes) << 22),
        MaxRequests = line.GetValue(_requests),
        MaxConnections = line.GetValue(_connections),
        QueueTimeout = TimeSpan.FromSeconds(line.GetValue(_queueSeconds)),
        RequestTimeout = TimeSpan.FromSeconds(line.GetValue(_seconds)),
        DrainTime = TimeSpan.FromSeconds(line.GetValue(_drainSeconds)),
    };
}
