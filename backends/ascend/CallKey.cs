namespace Glm5.Backends.Ascend;

/// <summary>What makes an executor: operator, views without their addresses, and attributes, as words.</summary>
internal sealed class CallKey
{
    private readonly long[] _words = new long[512];
    private int _count;

    /// <summary>The words.</summary>
    public ReadOnlySpan<long> Words => _words.AsSpan(0, _count);

    /// <summary>A hash of the words.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Starts over.</summary>
    public void Begin(int op)
    {
        (_count, Hash) = (0, 14695981039346656037);
        Add(op);
    }

    /// <summary>Another word.</summary>
    public void Add(long word)
    {
        _words[_count++] = word;
        Hash = (Hash ^ (ulong)word) * 1099511628211;
        Hash ^= Hash >> 29;
    }

    /// <summary>
    /// A view: everything but where it lies, of which only the offset from an aligned address counts.
    /// </summary>
    public void Add(in View view, int alignment)
    {
        if (view.Address == 0)
        {
            Add(-1);
            return;
        }

        Add(((long)view.Type << 16) | ((long)view.Format << 8) | (uint)view.Rank);
        Add(view.Address & (alignment - 1));
        for (int i = 0; i < view.Rank; i++)
        {
            Add(view[i]);
            Add(view.Stride(i));
        }
    }
}
