using System.Buffers.Binary;
using System.Numerics;

namespace Glm5.Core.Tokenization;

/// <summary>
/// The bytes of every token, end to end in one array, and the way back from bytes to the id of a vocabulary entry.
/// Immutable; any thread.
/// </summary>
internal sealed class TokenBytes
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private const int Empty = -1;

    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly int[] _slots;

    /// <param name="byId">The bytes of each id; null where the id names nothing.</param>
    /// <param name="findable">Ids that can be found by their bytes, which differ: those of the vocabulary
    /// proper.</param>
    public TokenBytes(IReadOnlyList<byte[]?> byId, IReadOnlyCollection<int> findable)
    {
        _starts = new int[byId.Count + 1];
        for (int id = 0; id < byId.Count; id++)
            _starts[id + 1] = checked(_starts[id] + (byId[id]?.Length ?? 0));

        _bytes = new byte[_starts[^1]];
        for (int id = 0; id < byId.Count; id++)
            byId[id]?.CopyTo(_bytes, _starts[id]);

        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(findable.Count, 1)) * 2];
        Array.Fill(_slots, Empty);
        foreach (int id in findable)
            Enter(id);
    }

    /// <summary>One more than the highest id.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Bytes of the longest token that can be found.</summary>
    public int Longest { get; private set; }

    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_starts[id].._starts[id + 1]);

    /// <summary>The id of the vocabulary entry with exactly these bytes, whose <see cref="Hash"/> is given.</summary>
    public bool TryFind(ReadOnlySpan<byte> piece, ulong hash, out int id)
    {
        if (piece.Length <= Longest)
        {
            int mask = _slots.Length - 1;
            for (int slot = (int)hash & mask; (id = _slots[slot]) != Empty; slot = (slot + 1) & mask)
            {
                if (this[id].SequenceEqual(piece))
                    return true;
            }
        }

        id = Empty;
        return false;
    }

    /// <summary>A hash whose low bits are good enough for a table.</summary>
    public static ulong Hash(ReadOnlySpan<byte> piece)
    {
        ulong hash = (ulong)piece.Length * Multiplier;
        while (piece.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(piece));
            piece = piece[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (byte value in piece)
            rest = (rest << 8) | value;
        return Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value)
    {
        value *= Multiplier;
        return value ^ (value >> 32);
    }

    private void Enter(int id)
    {
        int mask = _slots.Length - 1;
        int slot = (int)Hash(this[id]) & mask;
        while (_slots[slot] != Empty)
            slot = (slot + 1) & mask;
        _slots[slot] = id;
        Longest = Math.Max(Longest, this[id].Length);
    }
}
