namespace Glm5.Core.Kv;

/// <summary>
/// Blocks in the order in which they were used, least recently first. Linked by block id, so that leaving from anywhere
/// costs the same, and nothing is allocated. Ids begin at 1.
/// </summary>
internal sealed class RecencyList(int blocks)
{
    /// <summary>Block 0 is never in the list: its links are the ends.</summary>
    private const int Ends = 0;

    private readonly int[] _next = new int[blocks];
    private readonly int[] _previous = new int[blocks];

    /// <summary>Blocks in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The one unused for longest; 0 when there is none.</summary>
    public int Oldest => _next[Ends];

    /// <summary>The one that was used after <paramref name="block"/>; 0 behind the last.</summary>
    public int After(int block) => _next[block];

    /// <summary>Adds a block that was used until now.</summary>
    public void Append(int block)
    {
        int last = _previous[Ends];
        (_next[last], _previous[block]) = (block, last);
        (_next[block], _previous[Ends]) = (Ends, block);
        Count++;
    }

    /// <summary>Takes a block out, wherever it stands.</summary>
    public void Remove(int block)
    {
        (_next[_previous[block]], _previous[_next[block]]) = (_next[block], _previous[block]);
        Count--;
    }
}
