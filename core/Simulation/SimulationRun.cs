using System.Diagnostics;
using Glm5.Core.Sampling;
using Microsoft.Extensions.Logging;

namespace Glm5.Core.Simulation;

/// <summary>
/// Serves a made-up workload by the real engine over simulated devices, in simulated time. One thread takes the engine's
/// turns and plays all clients, so the same workload gives the same figures.
/// </summary>
public sealed class SimulationRun : IDisposable
{
    private const int ProgressEvery = 256;

    private readonly VirtualTime _clock = new();
    private readonly StepClock _steps;
    private readonly Engine _engine;
    private readonly Workload _workload;
    private readonly DeviceTimes _times;
    private readonly SimulatedClients _clients;
    private readonly long _kvTokens;
    private double _runningSeconds, _kvSeconds, _mostKv;
    private int _mostRunning;

    /// <summary>A run over a loaded model, which the caller disposes afterwards.</summary>
    /// <param name="model">On simulated devices that report to <paramref name="times"/>.</param>
    /// <param name="options">How it is served; as many requests may wait as the workload has.</param>
    /// <param name="workload">The requests.</param>
    /// <param name="times">What the devices report.</param>
    /// <param name="countsHostTime">
    /// Whether the real time of the host counts where devices have to wait for it. Figures then depend on this machine.
    /// </param>
    /// <param name="logger">Told of what the engine has to tell.</param>
    public SimulationRun(
        LoadedModel model, ModelOptions options, Workload workload, DeviceTimes times, bool countsHostTime, ILogger logger)
    {
        (_workload, _times, _kvTokens) = (workload, times, (long)model.Pool.Tokens * model.Runners.Count);
        _steps = new StepClock(model.Runners.Count, times, _clock, countsHostTime);
        var runners = new ClockedRunner[model.Runners.Count];
        for (int group = 0; group < runners.Length; group++)
            runners[group] = new ClockedRunner(model.Runners[group], _steps);
        _engine = new Engine(
            runners, model.ContextLength, TokenMask.Nothing, options with { MaxWaiting = workload.Requests }, _clock, logger);
        _clients = new SimulatedClients(_engine, workload, model.Config.VocabSize);
    }

    /// <summary>Serves everything.</summary>
    /// <exception cref="RequestRefusedException">The workload has requests that the model cannot take.</exception>
    public SimulationResult Run(IProgress<SimulationProgress>? progress, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        for (long turn = 0; _clients.Done < _workload.Requests; turn++)
        {
            cancel.ThrowIfCancellationRequested();
            TakeTurn();
            if (turn % ProgressEvery == 0)
                progress?.Report(new SimulationProgress(_clients.Done, _clock.Seconds));
        }

        return Result(Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>Ends the engine.</summary>
    public void Dispose() => _engine.Dispose();

    private void TakeTurn()
    {
        // Whatever comes now was under way while the last step ran.
        double now = _clock.Seconds;
        long aside = Stopwatch.GetTimestamp();
        _clients.SendDue(now);
        _steps.SetAside(Stopwatch.GetElapsedTime(aside));
        bool ran = _engine.Turn();
        aside = Stopwatch.GetTimestamp();
        Observe(_clock.Seconds - now);
        _clients.Read(now);
        _steps.SetAside(Stopwatch.GetElapsedTime(aside));
        if (ran)
            return;
        _steps.Rest();
        if (_clients.NextArrival is { } next)
            _clock.AdvanceTo(next);
        else if (_clients.Live > 0)
            throw new InvalidOperationException($"{_clients.Live} requests are under way and the engine has nothing to run");
    }

    private void Observe(double seconds)
    {
        EngineStatus status = _engine.Status;
        double kv = (double)status.BlocksInUse / status.Blocks;
        _runningSeconds += seconds * status.Running;
        _kvSeconds += seconds * kv;
        (_mostKv, _mostRunning) = (Math.Max(_mostKv, kv), Math.Max(_mostRunning, status.Running));
    }

    private SimulationResult Result(double realSeconds)
    {
        EngineStatus status = _engine.Status;
        double total = _clock.Seconds, computing = Sum(_steps.Steps), idle = Sum(_steps.Gaps);
        return new SimulationResult
        {
            Requests = _clients.Done,
            InputTokens = _clients.InputTokens,
            OutputTokens = _clients.OutputTokens,
            Seconds = total - _clients.FirstArrival,
            TimeToFirstToken = Spread.Of(_clients.FirstTokens),
            TimePerOutputToken = Spread.Of(_clients.OtherTokens),
            EndToEnd = Spread.Of(_clients.Whole),
            Steps = status.Steps,
            Step = Spread.Of(_steps.Steps),
            Busy = computing / total,
            MeanRunning = _runningSeconds / total,
            MostRunning = _mostRunning,
            TokensPerStep = _clients.TokensPerStep,
            MeanKvUse = _kvSeconds / total,
            MostKvUse = _mostKv,
            KvTokens = _kvTokens,
            PrefixHits = Share(status.CachedTokens, status.QueriedTokens),
            PrefixRecalled = Share(status.RecalledTokens, status.QueriedTokens),
            Preemptions = status.Preemptions,
            HostBetweenSteps = Spread.Of(_steps.Gaps),
            HostBesideSteps = Spread.Of(_steps.Overlaps),
            IdleShare = idle / (idle + computing),
            KernelsPerStep = _times.Kernels / Math.Max(1, status.Steps),
            TimeByKind = SharesByKind(),
            RealSeconds = realSeconds,
        };
    }

    private Dictionary<string, double> SharesByKind()
    {
        double all = 0;
        for (int kind = 0; kind < _times.Kinds.Count; kind++)
            all += _times.SecondsOf(kind);
        var shares = new Dictionary<string, double>();
        for (int kind = 0; kind < _times.Kinds.Count; kind++)
            shares.Add(_times.Kinds[kind], all == 0 ? 0 : _times.SecondsOf(kind) / all);
        return shares;
    }

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;

    private static double Sum(List<double> figures)
    {
        double sum = 0;
        foreach (double figure in figures)
            sum += figure;
        return sum;
    }
}
