namespace Glm5.Core.Accelerator;

/// <summary>Where the rows of a block go.</summary>
public enum BlockMoveKind
{
    /// <summary>From the device to the host: <see cref="KvStore.Export"/>.</summary>
    Keep,

    /// <summary>From the host back to the device: <see cref="KvStore.Import"/>.</summary>
    Recall,
}

/// <summary>
/// One block's rows, all layers of both caches, on their way between the device and the host memory of a rank. Every rank
/// does a step's moves in their order before it computes.
/// </summary>
/// <param name="Kind">The direction.</param>
/// <param name="Block">The device's block.</param>
/// <param name="HostBlock">The host's, from 1 as they are counted by whoever decides.</param>
public readonly record struct BlockMove(BlockMoveKind Kind, int Block, int HostBlock);
