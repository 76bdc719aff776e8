namespace Glm5.Core.Tokenization;

/// <summary>
/// Ids of pieces seen before. A fixed number of slots, each of which keeps the last piece that fell on it: hostile text
/// costs hits, never memory. Any thread: entries are immutable and replaced as wholes.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are rare in text that repeats itself.</summary>
    private const int LongestPiece = 48;

    private const int Slots = 1 << 15;

    private readonly Entry?[] _entries = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<byte> piece, ulong hash, out ReadOnlySpan<int> ids)
    {
        Entry? entry = Volatile.Read(ref _entries[Slot(hash)]);
        if (entry is not null && entry.Hash == hash && piece.SequenceEqual(entry.Piece))
        {
            ids = entry.Ids;
            return true;
        }

        ids = default;
        return false;
    }

    public void Put(ReadOnlySpan<byte> piece, ulong hash, ReadOnlySpan<int> ids)
    {
        if (piece.Length <= LongestPiece)
            Volatile.Write(ref _entries[Slot(hash)], new Entry(hash, piece.ToArray(), ids.ToArray()));
    }

    private static int Slot(ulong hash) => (int)hash & (Slots - 1);

    private sealed record Entry(ulong Hash, byte[] Piece, int[] Ids);
}
