using System.Numerics;

namespace Glm5.Core.Tokenization;

/// <summary>What two neighbouring tokens become, and how early in the order of merges.</summary>
internal readonly record struct Merge(int Rank, int Result);

/// <summary>
/// Merges by the pair they join: open addressing, since encoding asks more often than anything else does and nearly
/// always for pairs that are not there. Filled by the reader, then read by any thread.
/// </summary>
internal sealed class MergeTable
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private const ulong Empty = ulong.MaxValue;

    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="capacity">Most pairs that will be set.</param>
    public MergeTable(int capacity)
    {
        int slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 1)) * 2;
        _slots = new Slot[slots];
        Array.Fill(_slots, new Slot(Empty, default));
        _shift = 64 - BitOperations.Log2((uint)slots);
    }

    /// <summary>
    /// Sets a pair's merge; of a pair listed twice the later rank counts, as in Hugging Face's implementation.
    /// </summary>
    public void Set(int left, int right, Merge merge)
    {
        ulong pair = Pair(left, right);
        int at = First(pair);
        while (_slots[at].Pair != Empty && _slots[at].Pair != pair)
            at = (at + 1) & (_slots.Length - 1);
        _slots[at] = new Slot(pair, merge);
    }

    public bool TryGet(int left, int right, out Merge merge)
    {
        ulong pair = Pair(left, right);
        Slot[] slots = _slots;
        for (int at = First(pair); slots[at].Pair != Empty; at = (at + 1) & (slots.Length - 1))
        {
            if (slots[at].Pair == pair)
            {
                merge = slots[at].Merge;
                return true;
            }
        }

        merge = default;
        return false;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int First(ulong pair) => (int)((pair * Multiplier) >> _shift);

    private readonly record struct Slot(ulong Pair, Merge Merge);
}
