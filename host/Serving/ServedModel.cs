using System.Diagnostics.CodeAnalysis;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Host.Workers;
using Polly;
using Polly.Retry;

namespace Glm5.Host.Serving;

/// <summary>
/// The one model of a server: absent while it loads, ready, then draining. Requests ask <see cref="TryGetReady"/>; any
/// thread may.
/// </summary>
internal sealed partial class ServedModel(
    ServeOptions options, Backend backend, TimeProvider time, ILoggerFactory loggers, IProgress<LoadStatus>? observer)
    : IDisposable
{
    /// <summary>Under which name loading logs.</summary>
    public const string LogName = "Glm5.Model";

    /// <summary>So often within <see cref="s_window"/> the workers are started anew; then something is wrong with them.</summary>
    private const int MostRestarts = 5;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(10);

    private readonly TaskCompletionSource<AcceleratorException> _gaveUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<long> _restarts = new();
    private Task _supervising = Task.CompletedTask;

    private readonly LoadProgress _progress = new(time, observer);
    private readonly ILogger _logger = loggers.CreateLogger(LogName);
    private readonly ILogger _workerLogger = loggers.CreateLogger("Glm5.Workers");
    private volatile ReadyModel? _ready;
    private volatile bool _draining;

    /// <summary>Loading at this moment.</summary>
    public LoadStatus Status => _progress.Status;

    /// <summary>Names that requests may give; the first one stands in answers.</summary>
    public IReadOnlyList<string> Names => options.ServedNames;

    /// <summary>True once the server was asked to stop.</summary>
    public bool IsDraining => _draining;

    /// <summary>When loading began, which is what <c>/v1/models</c> reports as created.</summary>
    public DateTimeOffset Created { get; } = time.GetUtcNow();

    /// <summary>Loads the model. Blocks until it is ready or has failed; what it throws says what to do.</summary>
    public void Load(CancellationToken cancel)
    {
        try
        {
            ModelOptions how = options.Find is { } find
                ? options.Model with { Folder = find(_progress, loggers.CreateLogger("Glm5.Hub"), cancel) }
                : options.Model;
            _ready = Load(how, cancel);
            _progress.Enter(LoadPhase.Ready);
            _supervising = Task.Run(() => SuperviseAsync(how, _ready.Engine), CancellationToken.None);
        }
        catch (Exception exception)
        {
            _progress.Fail(exception.Message);
            throw;
        }
    }

    /// <summary>The model, once it can serve.</summary>
    public bool TryGetReady([NotNullWhen(true)] out ReadyModel? ready) =>
        (ready = _ready) is { Engine.Failure: null } && !_draining;

    /// <summary>
    /// Why it will not serve any more: loading failed, or a device did later and is not started anew. Null while it may.
    /// </summary>
    public string? Failure => _gaveUp.Task is { IsCompletedSuccessfully: true, Result: { } last }
        ? last.Message
        : !options.Model.WorkerProcesses && _ready?.Engine.Failure is { } failure ? failure.Message
        : _ready is null && Status is { Phase: LoadPhase.Failed } status ? status.Failure : null;

    /// <summary>Ends when a loaded model has failed for good.</summary>
    public Task<AcceleratorException> Failed => _gaveUp.Task;

    /// <summary>
    /// Takes no more requests and returns when the running ones have ended; <paramref name="cancel"/> ends them.
    /// </summary>
    public Task DrainAsync(CancellationToken cancel)
    {
        _draining = true;
        return _ready?.Engine.DrainAsync(cancel) ?? Task.CompletedTask;
    }

    /// <summary>Ends the engine, then the model under it.</summary>
    public void Dispose()
    {
        _draining = true;
        _stopping.Cancel();
        _supervising.Wait();
        _ready?.Dispose();
        _stopping.Dispose();
    }

    private ReadyModel Load(ModelOptions how, CancellationToken cancel)
    {
        LoadedModel model = options.Load is { } load ? load(how, _progress, _logger, cancel)
            : how.WorkerProcesses ? WorkerModel.Load(how, backend, _progress, loggers, time, cancel)
            : ModelLoader.Load(how, backend, _progress, _logger, cancel);
        return new ReadyModel(model, new Engine(model, how, time, loggers.CreateLogger("Glm5.Engine")));
    }

    /// <summary>Waits for failures. Workers are started anew; a device of this process cannot be.</summary>
    private async Task SuperviseAsync(ModelOptions how, Engine engine)
    {
        ResiliencePipeline patient = Patience();
        try
        {
            while (true)
            {
                AcceleratorException failure = await engine.Failed.WaitAsync(_stopping.Token);
                if (!how.WorkerProcesses || _draining || !MayRestart())
                {
                    _gaveUp.TrySetResult(failure);
                    return;
                }

                engine = await RestartAsync(how, patient);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopping ends what runs itself.
        }
#pragma warning disable CA1031 // Whatever ends the supervision ends the serving: nobody is left to start workers anew.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _progress.Fail(exception.Message);
            _gaveUp.TrySetResult(exception as AcceleratorException ?? new AcceleratorException(exception.Message, exception));
        }
    }

    private async Task<Engine> RestartAsync(ModelOptions how, ResiliencePipeline patient)
    {
        long failedAt = time.GetTimestamp();
        _progress.Enter(LoadPhase.Opening);
        ReadyModel failed = _ready!;
        _ready = null;
        failed.Dispose();
        ReadyModel fresh = await patient.ExecuteAsync(
            cancel => ValueTask.FromResult(Load(how, cancel)), _stopping.Token);
        _ready = fresh;
        _progress.Enter(LoadPhase.Ready);
        LogBack(_workerLogger, time.GetElapsedTime(failedAt).TotalSeconds);
        return fresh.Engine;
    }

    private bool MayRestart()
    {
        long now = time.GetTimestamp();
        while (_restarts.TryPeek(out long first) && time.GetElapsedTime(first, now) > s_window)
            _restarts.Dequeue();
        _restarts.Enqueue(now);
        return _restarts.Count <= MostRestarts;
    }

    private ResiliencePipeline Patience() => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<AcceleratorException>(),
            MaxRetryAttempts = MostRestarts,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromSeconds(1),
            MaxDelay = TimeSpan.FromSeconds(30),
            OnRetry = attempt =>
            {
                LogWait(_workerLogger, attempt.Outcome.Exception!.Message, attempt.RetryDelay.TotalSeconds);
                return default;
            },
        }).Build();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests are served again, {Seconds:F1} s after the workers failed")]
    private static partial void LogBack(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The workers could not be started: {Reason}; again in {Seconds:F0} s")]
    private static partial void LogWait(ILogger logger, string reason, double seconds);
}
