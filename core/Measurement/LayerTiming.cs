using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Measurement;

/// <summary>Microseconds of one measured thing over its rounds.</summary>
/// <param name="Median">The middle.</param>
/// <param name="Low">A tenth is faster.</param>
/// <param name="High">A tenth is slower.</param>
/// <param name="Rounds">Samples.</param>
public readonly record struct Times(double Median, double Low, double High, int Rounds)
{
    /// <summary>Of samples, which are sorted.</summary>
    public static Times Of(double[] samples)
    {
        Array.Sort(samples);
        return new Times(At(samples, 0.5), At(samples, 0.1), At(samples, 0.9), samples.Length);
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Round(share * (sorted.Length - 1))];
}

/// <summary>Measures steps over layers, and what the same device reaches at best in the same run.</summary>
public sealed class LayerTiming(IAccelerator device, TimeProvider clock)
{
    /// <summary>Rounds of each measurement.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>Steps of a round.</summary>
    public int StepsOfRound { get; init; } = 50;

    private const int WarmUps = 10;

    /// <summary>
    /// Microseconds of a step, replayed from a capture where the device captures and eager otherwise; and whether it was replayed.
    /// </summary>
    public (Times Times, bool IsReplayed) Step(MeasuredLayers layers, MeasuredStep step, int hidden)
    {
        BlockOps ops = device.Ops;
        using ActivationArena.Scope scope = ops.Arena.Open();
        StepLayout layout = MeasuredLayers.LayOut(step);
        StepPlan plan = device.Plan(layout);
        Tensor residual = ops.Arena.Take(ElementType.F32, step.Tokens, hidden);
        Draw(residual);
        (nint address, long tokens) = (residual.Address, residual[0]);
        void Body() => layers.Run(plan, new Tensor(address, ElementType.F32, tokens, hidden));
        Body();
        device.Synchronize();
        using CapturedStep? captured = device.Capabilities.CapturesGraphs ? device.Graphs.TryCapture(plan, Body) : null;
        void Once()
        {
            if (captured is null || !device.Graphs.Replay(captured, plan))
                Body();
        }

        return (Measure(Once), captured is not null);
    }

    /// <summary>Bytes a second that copying within the device moves, read and written: the ceiling of what memory binds.</summary>
    public double CopyBandwidth(long bytes)
    {
        const int Width = 512, Slots = 64;
        int layers = (int)Math.Max(1, bytes / (Width * 2L * Slots * sizeof(float)));
        using KvStore store = device.CreateKvStore(new KvSpec(layers, Width / 2, Width / 2, Width, Slots) { Format = KvFormat.F32 }, 2);

        // A block lies in pieces, one a layer and cache: larger ones come nearer to what one copy reaches.
        Times times = Measure(() => store.CopyBlock(0, 1));
        return 2 * store.BlockBytes / (times.Median * 1e-6);
    }

    /// <summary>Operations a second of one large product of BF16: the ceiling of what arithmetic binds.</summary>
    public double MatrixRate(int size)
    {
        BlockOps ops = device.Ops;
        using ActivationArena.Scope scope = ops.Arena.Open();
        var matrices = new SeededMatrices(ElementType.BF16, (long)size * size, seed: 3);
        using PackedWeight weight = device.Pack([matrices.Matrix("square", size, size)], WeightRole.Linear);
        Tensor x = ops.Arena.Take(ElementType.F32, size, size), y = ops.Arena.Take(ElementType.F32, size, size);
        ops.Fill(x, 0.5f);
        (nint from, nint into) = (x.Address, y.Address);
        Times times = Measure(() => ops.MatMul(
            new Tensor(from, ElementType.F32, size, size), weight, new Tensor(into, ElementType.F32, size, size)));
        return 2.0 * size * size * size / (times.Median * 1e-6);
    }

    /// <summary>Rounds of many runs that are waited for together, so that starting them costs nothing of what is measured.</summary>
    private Times Measure(Action once)
    {
        for (int i = 0; i < WarmUps && i < StepsOfRound; i++)
            once();
        device.Synchronize();
        var samples = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long start = clock.GetTimestamp();
            for (int i = 0; i < StepsOfRound; i++)
                once();
            device.Synchronize();
            samples[round] = clock.GetElapsedTime(start).TotalMicroseconds / StepsOfRound;
        }

        return Times.Of(samples);
    }

    private void Draw(Tensor into)
    {
        var random = new Random(4);
        var values = new float[into.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * random.NextSingle()) - 1;
        device.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), into);
    }
}
