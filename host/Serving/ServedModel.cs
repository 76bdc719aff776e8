using System.Diagnostics.CodeAnalysis;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Host.Serving;

/// <summary>
/// The one model of a server: absent while it loads, ready, then draining. Requests ask <see cref="TryGetReady"/>; any
/// thread may.
/// </summary>
internal sealed class ServedModel(
    ServeOptions options, Backend backend, TimeProvider time, ILoggerFactory loggers, IProgress<LoadStatus>? observer)
    : IDisposable
{
    /// <summary>Under which name loading logs.</summary>
    public const string LogName = "Glm5.Model";

    private readonly LoadProgress _progress = new(time, observer);
    private readonly ILogger _logger = loggers.CreateLogger(LogName);
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
            LoadedModel model = options.Load?.Invoke(how, _progress, _logger, cancel)
                ?? ModelLoader.Load(how, backend, _progress, _logger, cancel);
            _ready = new ReadyModel(model, new Engine(model, how, time, loggers.CreateLogger("Glm5.Engine")));
            _progress.Enter(LoadPhase.Ready);
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

    /// <summary>Why it will not serve any more: loading failed, or a device did later. Null while it may.</summary>
    public string? Failure => _ready is { } ready
        ? ready.Engine.Failure?.Message
        : Status is { Phase: LoadPhase.Failed } status ? status.Failure : null;

    /// <summary>Ends when the engine of a loaded model has failed.</summary>
    public Task<AcceleratorException> EngineFailed => _ready?.Engine.Failed
        ?? throw new InvalidOperationException("the model is not loaded");

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
        _ready?.Engine.Dispose();
        _ready?.Model.Dispose();
    }
}
