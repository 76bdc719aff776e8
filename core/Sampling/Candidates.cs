using System.Numerics;

namespace Glm5.Core.Sampling;

/// <summary>
/// Tokens that may be chosen, most probable first, the lowest id first among equals. Sorted only as far as they are read:
/// of a vocabulary of 150,000 mostly some tens are. Allocated once for the whole vocabulary.
/// </summary>
internal sealed class Candidates(int vocabularySize)
{
    /// <summary>Sorted at first; each further stretch is as long as all before it.</summary>
    private const int FirstStretch = 64;

    /// <summary>Candidates beyond the wanted number that are gathered before the worst of them are dropped.</summary>
    private const int Surplus = 1024;

    /// <summary>Shorter stretches are sorted instead of split further.</summary>
    private const int ShortestSplit = 24;

    /// <summary>Logit, turned so that larger ones come first, above the id: the order of the keys is the order wanted.</summary>
    private readonly ulong[] _keys = new ulong[vocabularySize];
    private int _sorted;

    /// <summary>Tokens there are.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the tokens whose logit is at least <paramref name="floor"/>; of these the <paramref name="most"/> best.</summary>
    public void Gather(ReadOnlySpan<float> logits, float floor, int most)
    {
        (Count, _sorted) = (0, 0);
        // Impossible tokens are at negative infinity, and never candidates.
        floor = Math.Max(floor, float.MinValue);
        int full = (int)Math.Min(logits.Length, (long)most + Math.Max(most, Surplus));
        int i = 0;
        for (; i <= logits.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            if (!Vector.GreaterThanOrEqualAny(new Vector<float>(logits[i..]), new Vector<float>(floor)))
                continue;
            if (Count + Vector<float>.Count > full && most < Count)
                floor = Math.Max(floor, KeepBest(most));
            for (int lane = i; lane < i + Vector<float>.Count; lane++)
                Add(logits[lane], lane, floor);
        }

        for (; i < logits.Length; i++)
            Add(logits[i], i, floor);
        if (most < Count)
            KeepBest(most);
    }

    /// <summary>The id of the token at a rank, from 0.</summary>
    public int Token(int rank) => (int)(uint)Key(rank);

    /// <summary>The logit of the token at a rank.</summary>
    public float Logit(int rank) => LogitOf(Key(rank));

    /// <summary>Σ exp((l - max) / temperature) over all candidates.</summary>
    public double SumExp(float max, float temperature)
    {
        double sum = 0;
        foreach (ulong key in _keys.AsSpan(0, Count))
            sum += LogitMath.Weight(LogitOf(key), max, temperature);
        return sum;
    }

    private ulong Key(int rank)
    {
        while (rank >= _sorted)
            SortNextStretch();
        return _keys[rank];
    }

    private void SortNextStretch()
    {
        Span<ulong> rest = _keys.AsSpan(_sorted, Count - _sorted);
        int stretch = Math.Min(rest.Length, Math.Max(FirstStretch, _sorted));
        if (stretch < rest.Length)
            Split(rest, stretch);
        rest[..stretch].Sort();
        _sorted += stretch;
    }

    private void Add(float logit, int id, float floor)
    {
        if (logit >= floor)
            _keys[Count++] = KeyOf(logit, id);
    }

    /// <summary>Drops all but the best and returns the logit that a further token must reach.</summary>
    private float KeepBest(int most)
    {
        Split(_keys.AsSpan(0, Count), most);
        Count = most;
        ulong worst = 0;
        foreach (ulong key in _keys.AsSpan(0, most))
            worst = Math.Max(worst, key);
        return LogitOf(worst);
    }

    /// <summary>Moves the <paramref name="count"/> smallest keys to the front, in no order: Hoare's selection, with the
    /// median of three as pivot, and a sort should the pivots be bad.</summary>
    private static void Split(Span<ulong> keys, int count)
    {
        int rounds = 2 * BitOperations.Log2((uint)keys.Length);
        while (keys.Length > ShortestSplit && count > 0 && count < keys.Length && rounds-- > 0)
        {
            int low = 0, high = keys.Length - 1;
            ulong pivot = Median(keys[0], keys[high / 2], keys[high]);
            while (low <= high)
            {
                while (keys[low] < pivot)
                    low++;
                while (keys[high] > pivot)
                    high--;
                if (low <= high)
                {
                    (keys[low], keys[high]) = (keys[high], keys[low]);
                    low++;
                    high--;
                }
            }

            if (count <= high + 1)
            {
                keys = keys[..(high + 1)];
            }
            else if (count >= low)
            {
                keys = keys[low..];
                count -= low;
            }
            else
            {
                return;
            }
        }

        if (count > 0 && count < keys.Length)
            keys.Sort();
    }

    private static ulong Median(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));

    private static ulong KeyOf(float logit, int id)
    {
        // + 0 makes one zero of the two. Bits of floats order like integers once negative ones are turned round.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint descending = (bits & 0x8000_0000) != 0 ? bits : ~(bits | 0x8000_0000);
        return ((ulong)descending << 32) | (uint)id;
    }

    private static float LogitOf(ulong key)
    {
        uint descending = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((descending & 0x8000_0000) != 0 ? descending : ~descending & 0x7FFF_FFFF);
    }
}
