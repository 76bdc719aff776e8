namespace Glm5.Core.Tokenization;

/// <summary>What two neighbouring tokens become, and how early in the order of merges.</summary>
internal readonly record struct Merge(int Rank, int Result);

/// <summary>Merges by the pair they join. Filled by the reader, then read by any thread.</summary>
internal sealed class MergeTable(int capacity)
{
    private readonly Dictionary<ulong, Merge> _merges = new(capacity);

    /// <summary>Sets a pair's merge; of a pair listed twice the later rank counts, as in Hugging Face's implementation.</summary>
    public void Set(int left, int right, Merge merge) => _merges[Pair(left, right)] = merge;

    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGetValue(Pair(left, right), out merge);

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
