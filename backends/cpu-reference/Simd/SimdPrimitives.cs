using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The contract's primitives with vector instructions and threads. Alone it runs the contract's default bodies, which is
/// what a backend does before it fuses anything. No result depends on how rows are spread over threads.
/// </summary>
internal unsafe partial class SimdPrimitives(
    DeviceMemory memory, ActivationArena arena, CpuCollectives ranks, WorkerTeam team)
    : BlockOps(memory, arena, ranks), IDisposable
{
    // Elements that one thread works through in the time a fork and join take, some times over.
    private const long ElementsPerPiece = 16 << 10;

    /// <summary>The other ranks of the group.</summary>
    protected CpuCollectives Ranks { get; } = ranks;

    /// <summary>The rank's threads; the accelerator owns them.</summary>
    protected WorkerTeam Team { get; } = team;

    /// <summary>Frees the scratch.</summary>
    public void Dispose()
    {
        _packed.Dispose();
        _offsets.Dispose();
        _from.Dispose();
        _into.Dispose();
        foreach (Scratch scratch in WorkerScratch)
            scratch.Dispose();
    }

    /// <summary>Runs a kernel over all rows: here when they are few, else over the team.</summary>
    /// <param name="kernel">What is done to a row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Elements that the kernel reads of a row.</param>
    protected void ForRows<TKernel>(TKernel kernel, long rows, long width)
        where TKernel : struct, IRowKernel
    {
        long perPiece = Math.Max(1, ElementsPerPiece / Math.Max(1, width));
        var work = new RowsWork<TKernel>(kernel, rows, perPiece);
        Team.Run(ref work, (int)((rows + perPiece - 1) / perPiece));
    }

    /// <summary>A vector weight's floats.</summary>
    protected static float* Vector(PackedWeight weight) => (float*)weight.AsVector().Address;

    /// <summary>A weight as it is stored.</summary>
    protected static CpuPackedWeight Stored(PackedWeight weight) => weight as CpuPackedWeight
        ?? throw new AcceleratorException($"a weight packed by {weight.GetType().Name} was given to the cpu backend");
}
