using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>
/// The worker processes of one model: they join, load, and run steps together. When one of them fails all have failed: the
/// fleet is ended, and another takes its place. Any thread.
/// </summary>
internal sealed partial class WorkerFleet : IDisposable
{
    private static readonly TimeSpan s_timeToJoin = TimeSpan.FromMinutes(1);

    private readonly ModelOptions _options;
    private readonly OpenedModel _model;
    private readonly CheckpointDigest _digest;
    private readonly ILogger _logger;
    private readonly WorkerLink[] _links;
    private readonly Lock _gate = new();
    private int _joined;
    private IDisposable? _processes;
    private volatile AcceleratorException? _failure;
    private volatile bool _ending;

    /// <summary>A fleet for a model; its workers have yet to join.</summary>
    public WorkerFleet(ModelOptions options, OpenedModel model, ILogger logger)
    {
        (_options, _model, _logger) = (options, model, logger);
        _digest = CheckpointDigest.Of(model.Checkpoint);
        _links = new WorkerLink[options.TotalRanks];
        for (int r = 0; r < _links.Length; r++)
            _links[r] = new WorkerLink(r);
    }

    /// <summary>The workers, group by group.</summary>
    public IReadOnlyList<WorkerLink> Links => _links;

    /// <summary>Called once, on any thread, when it has failed.</summary>
    public event Action<AcceleratorException>? Lost;

    /// <summary>Why it runs no steps any more; null while it does.</summary>
    public AcceleratorException? Failure => _failure;

    /// <summary>What a worker that says hello is told; takes its place in the fleet.</summary>
    /// <returns>The link, or why it may not join.</returns>
    public (WorkerLink? Link, string? Refusal) Greet(Hello hello, string version)
    {
        lock (_gate)
        {
            string? refusal = hello.Version != version
                ? $"the worker is version {hello.Version}, the server {version}: install the same on both"
                : hello.Size != _links.Length || hello.Rank < 0 || hello.Rank >= _links.Length
                    ? $"rank {hello.Rank} of {hello.Size} processes does not belong to {_links.Length} ranks"
                    : _links[hello.Rank].ProcessId != 0
                        ? $"rank {hello.Rank} has joined already, as process {_links[hello.Rank].ProcessId}"
                        : _failure?.Message ?? (_ending ? "the server is stopping" : null);
            if (refusal is not null)
                return (null, refusal);
            WorkerLink link = _links[hello.Rank];
            link.ProcessId = hello.ProcessId;
            if (++_joined == _links.Length)
                LogJoined(_logger, _joined);
            Send(link, new ToWorker { Welcome = new Welcome { Options = WireOptions.Write(_options) } });
            return (link, null);
        }
    }

    /// <summary>Lets a worker load whose files are the server's.</summary>
    /// <returns>Why it may not; null when it may.</returns>
    public string? Admit(WorkerLink link, Identity identity)
    {
        string folder = _model.Checkpoint.Folder;
        if (identity.Config != _digest.Config)
        {
            return $"the worker's config.json of {folder} is another (SHA-256 {Short(identity.Config)}, the server's "
                + $"{Short(_digest.Config)}): copy the folder anew";
        }

        if (identity.Weights != _digest.Weights)
        {
            return $"the worker's weights in {folder} are others (SHA-256 of headers and samples {Short(identity.Weights)}, "
                + $"the server's {Short(_digest.Weights)}): copy the folder anew";
        }

        var load = new Load();
        foreach (ulong word in _model.Unnamed.Words)
            load.Unnamed.Add(word);
        Send(link, new ToWorker { Load = load });
        return null;
    }

    /// <summary>Waits until every worker has loaded.</summary>
    /// <exception cref="AcceleratorException">One of them could not; says which and why.</exception>
    public async Task<Loaded> LoadedAsync(IDisposable processes, TimeProvider time, CancellationToken cancel)
    {
        _processes = processes;
        using ITimer timer = time.CreateTimer(_ => FailUnjoined(), null, s_timeToJoin, Timeout.InfiniteTimeSpan);
        Loaded[] all = await Task.WhenAll(_links.Select(link => link.Loaded.Task)).WaitAsync(cancel);
        return all[0];
    }

    /// <summary>Sends a word to a worker.</summary>
    public static void Send(WorkerLink link, ToWorker word) => link.Outbox.Writer.TryWrite(word);

    /// <summary>Ends the fleet; the first reason stands.</summary>
    public void Fail(string reason)
    {
        lock (_gate)
        {
            if (_failure is not null || _ending)
                return;
            _failure = new AcceleratorException(reason);
        }

        LogFailed(_logger, reason);
        foreach (WorkerLink link in _links)
        {
            link.Loaded.TrySetException(new AcceleratorException(reason));
            link.Outbox.Writer.TryComplete();
            link.Wake();
        }

        Lost?.Invoke(_failure);
    }

    /// <summary>Lets the workers end, and ends those that do not.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ending)
                return;
            _ending = true;
        }

        foreach (WorkerLink link in _links)
        {
            link.Loaded.TrySetCanceled();
            link.Outbox.Writer.TryComplete();
        }

        _processes?.Dispose();
        foreach (WorkerLink link in _links)
            link.Dispose();
    }

    private void FailUnjoined()
    {
        if (Volatile.Read(ref _joined) < _links.Length)
            Fail($"{_joined} of {_links.Length} workers have joined within {s_timeToJoin.TotalSeconds:F0} s");
    }

    private static string Short(string digest) => digest.Length > 12 ? digest[..12] : digest;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Workers} workers have joined")]
    private static partial void LogJoined(ILogger logger, int workers);

    [LoggerMessage(Level = LogLevel.Error, Message = "The workers have failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
