using System.Globalization;
using Glm5.Core.Accelerator;
using Glm5.Core.Measurement;

namespace Glm5.Host.Cli;

/// <summary>What is measured.</summary>
internal sealed record BenchRequest(
    string Device, MeasuredShape Shape, int Layers, ElementType Weights, KvFormat? Cache, int[] Batches, int[] Contexts, int[] Chunks,
    int Rounds, int Steps)
{
    /// <summary>All steps: every batch at every context, then the chunks at the end of the shortest context that holds them.</summary>
    public IReadOnlyList<MeasuredStep> All =>
    [
        .. Batches.SelectMany(_ => Contexts, (batch, context) => new MeasuredStep(batch, 1, context)),
        .. Chunks.Select(chunk => new MeasuredStep(1, chunk, Math.Max(chunk, Contexts.Where(c => c >= chunk).DefaultIfEmpty(chunk).Min()))),
    ];
}

/// <summary>One run of <c>glm5 bench layers</c>: opens the device anew for each step, whose caches need all of its memory.</summary>
internal sealed class BenchRun(Backend backend, BenchRequest request, TextWriter progress)
{
    /// <summary>Bytes of the copy that bounds memory, and size of the product that bounds arithmetic.</summary>
    private const long CopyBytes = 1L << 30;

    private const int ProductSize = 8192;

    /// <summary>Measures every step.</summary>
    /// <exception cref="AcceleratorException">The device cannot be opened, or a step does not fit it.</exception>
    public BenchRecord Measure(CancellationToken cancel)
    {
        (Capabilities device, double copy, double matrix) = Ceilings();
        KvFormat cache = request.Cache ?? device.KvFormats[0];
        var lines = new List<BenchLine>();
        foreach (MeasuredStep step in request.All)
        {
            cancel.ThrowIfCancellationRequested();
            progress.WriteLine($"{step} …");
            lines.Add(Line(step, cache, copy, matrix));
        }

        return new BenchRecord(
            device.Backend, device.Device, device.Architecture, device.IsEmulated, $"glm5 {ProgramVersion.Text}",
            TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), request.Shape.Name, request.Layers,
            request.Weights.ToString(), cache.ToString(), request.Rounds, request.Steps, copy / 1e9, matrix / 1e12, lines);
    }

    private (Capabilities Device, double Copy, double Matrix) Ceilings()
    {
        bool isSmall = request.Shape != MeasuredShape.Glm5;
        int size = isSmall ? 256 : ProductSize;
        long arena = (3L * size * size * sizeof(float)) + (64 << 20);
        using IAccelerator device = backend.Open(new DeviceRequest(1, arena))[0];
        progress.WriteLine($"{device.Capabilities.Device}: copying, one large product …");
        var timing = new LayerTiming(device, TimeProvider.System) { Rounds = request.Rounds, StepsOfRound = Math.Min(request.Steps, 20) };
        return (device.Capabilities, timing.CopyBandwidth(isSmall ? 1 << 22 : CopyBytes), timing.MatrixRate(size));
    }

    private BenchLine Line(MeasuredStep step, KvFormat cache, double copy, double matrix)
    {
        using IAccelerator device = backend.Open(new DeviceRequest(1, MeasuredLayers.ArenaBytes(request.Shape, step)))[0];
        using var layers = new MeasuredLayers(
            device, request.Shape, request.Layers, request.Weights, cache, MeasuredLayers.BlocksOf(step),
            layer => progress.WriteLine($"  layer {layer + 1} of {request.Layers} is packed"));
        var timing = new LayerTiming(device, TimeProvider.System) { Rounds = request.Rounds, StepsOfRound = request.Steps };
        (Times times, bool isReplayed) = timing.Step(layers, step, request.Shape.Hidden);
        double micros = times.Median / request.Layers, bytes = layers.LeastBytes(step), operations = layers.Operations(step);
        double bandwidth = bytes / (micros * 1e-6), rate = operations / (micros * 1e-6);
        return new BenchLine(
            step.ToString(), step.Sequences, step.TokensEach, step.Context, micros, times.Low / request.Layers, times.High / request.Layers,
            bytes / 1e9, bandwidth / 1e9, bandwidth / copy, rate / 1e12, rate / matrix, isReplayed);
    }
}
