using Glm5.Core.Accelerator;

namespace Glm5.Core.Kv;

/// <summary>
/// Host memory of one rank for copies of its blocks, whose bytes are the store's own. Pinned, so that devices can reach
/// it; pages are touched when they are first used. Used by the rank's thread alone.
/// </summary>
public sealed class HostBlocks
{
    private const long ChunkBytes = 1 << 30;

    private readonly byte[][] _chunks;
    private readonly int _blockBytes, _blocksPerChunk;

    /// <summary>Room for <paramref name="blocks"/> copies of blocks of <paramref name="blockBytes"/>.</summary>
    /// <exception cref="DeviceMemoryException">The host has not so much memory.</exception>
    public HostBlocks(int blocks, long blockBytes)
    {
        _blockBytes = checked((int)blockBytes);
        _blocksPerChunk = (int)Math.Clamp(ChunkBytes / Math.Max(1, blockBytes), 1, Math.Max(1, blocks));
        _chunks = new byte[(blocks + _blocksPerChunk - 1) / _blocksPerChunk][];
        try
        {
            for (int c = 0; c < _chunks.Length; c++)
            {
                int count = Math.Min(_blocksPerChunk, blocks - (c * _blocksPerChunk));
                _chunks[c] = GC.AllocateUninitializedArray<byte>(checked(count * _blockBytes), pinned: true);
            }
        }
        catch (OutOfMemoryException)
        {
            throw new DeviceMemoryException(
                $"the host cache of {blocks:N0} blocks needs {blocks * blockBytes / 1e9:F2} GB of host memory on each rank, "
                + "which are not there; choose a smaller --host-cache-gib");
        }
    }

    /// <summary>Does a step's moves, in their order.</summary>
    public void Move(ReadOnlySpan<BlockMove> moves, KvStore store)
    {
        foreach (BlockMove move in moves)
        {
            Span<byte> rows = RowsOf(move.HostBlock - 1);
            if (move.Kind == BlockMoveKind.Keep)
                store.Export(move.Block, rows);
            else
                store.Import(move.Block, rows);
        }
    }

    private Span<byte> RowsOf(int block) =>
        _chunks[block / _blocksPerChunk].AsSpan(block % _blocksPerChunk * _blockBytes, _blockBytes);
}
