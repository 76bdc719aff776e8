using System.Numerics;

namespace Glm5.Core.Sampling;

/// <summary>
/// Tokens that may be chosen. Filters select instead of sorting: of a vocabulary of 150,000, a nucleus that holds half
/// costs a few passes. The lowest id stays among equals. Allocated once for the whole vocabulary.
/// </summary>
internal sealed class Candidates(int vocabularySize)
{
    /// <summary>Candidates beyond the wanted number that are gathered before the worst of them are dropped.</summary>
    private const int Surplus = 1024;

    /// <summary>Shorter stretches are sorted instead of split further.</summary>
    private const int ShortestSplit = 24;

    /// <summary>
    /// Logit, turned so that larger ones come first, above the id: keys order as the candidates rank.
    /// </summary>
    private readonly ulong[] _keys = new ulong[vocabularySize];

    /// <summary>Tokens there are.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Takes the tokens whose logit is at least <paramref name="floor"/>; of these the <paramref name="most"/> best.
    /// </summary>
    public void Gather(ReadOnlySpan<float> logits, float floor, int most)
    {
        Count = 0;
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

    /// <summary>Puts the most probable first.</summary>
    public void Sort() => _keys.AsSpan(0, Count).Sort();

    /// <summary>
    /// The id of a token: after <see cref="Sort"/> by rank, otherwise in an order that depends on the logits alone.
    /// </summary>
    public int Token(int index) => (int)(uint)_keys[index];

    /// <summary>The logit of a token.</summary>
    public float Logit(int index) => LogitOf(_keys[index]);

    /// <summary>Σ exp((l - max) / temperature) over all candidates.</summary>
    public double SumExp(float max, float temperature) => SumExp(_keys.AsSpan(0, Count), max, temperature);

    /// <summary>
    /// Keeps the fewest most probable tokens whose weights exp((l - max) / temperature) reach <paramref name="enough"/>,
    /// and returns what they weigh. Selection by weight: of the two sides of a pivot, the one with the border goes on.
    /// </summary>
    public double KeepNucleus(double enough, float max, float temperature)
    {
        int low = 0, high = Count;
        double sum = 0;
        while (high - low > ShortestSplit)
        {
            Span<ulong> stretch = _keys.AsSpan(low, high - low);
            int border = Partition(stretch);
            double weight = SumExp(stretch[..border], max, temperature);
            if (sum + weight >= enough)
            {
                high = low + border;
            }
            else
            {
                sum += weight;
                low += border;
            }
        }

        _keys.AsSpan(low, high - low).Sort();
        while (low < high && sum < enough)
            sum += LogitMath.Weight(LogitOf(_keys[low++]), max, temperature);
        Count = Math.Max(low, 1);
        return sum;
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

    /// <summary>
    /// Moves the <paramref name="count"/> smallest keys to the front, in no order: Hoare's selection.
    /// </summary>
    private static void Split(Span<ulong> keys, int count)
    {
        while (keys.Length > ShortestSplit)
        {
            int border = Partition(keys);
            if (count <= border)
            {
                keys = keys[..border];
            }
            else
            {
                keys = keys[border..];
                count -= border;
            }
        }

        keys.Sort();
    }

    /// <summary>
    /// Moves smaller keys before larger ones and returns where the larger begin; neither side is empty. Keys differ, since
    /// ids do, so that equal logits split as well as any; the pivot is the median of nine, which orders seen in practice
    /// do not defeat.
    /// </summary>
    private static int Partition(Span<ulong> keys)
    {
        ulong pivot = Pivot(keys);
        int low = -1, high = keys.Length;
        while (true)
        {
            while (keys[++low] < pivot)
            {
            }

            while (keys[--high] > pivot)
            {
            }

            if (low >= high)
                return Math.Clamp(low, 1, keys.Length - 1);
            (keys[low], keys[high]) = (keys[high], keys[low]);
        }
    }

    private static ulong Pivot(ReadOnlySpan<ulong> keys)
    {
        int step = (keys.Length - 1) / 8;
        return Median(
            Median(keys[0], keys[step], keys[2 * step]),
            Median(keys[3 * step], keys[4 * step], keys[5 * step]),
            Median(keys[6 * step], keys[7 * step], keys[8 * step]));
    }

    private static double SumExp(ReadOnlySpan<ulong> keys, float max, float temperature)
    {
        double sum = 0;
        foreach (ulong key in keys)
            sum += LogitMath.Weight(LogitOf(key), max, temperature);
        return sum;
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
