using System.Buffers;

namespace Glm5.Core.Tokenization;

/// <summary>A growing list of integers in a rented array, which goes back on disposal. One thread.</summary>
internal sealed class PooledInts : IDisposable
{
    private int[] _items = ArrayPool<int>.Shared.Rent(1024);

    public int Count { get; private set; }

    /// <summary>What was added; valid until the next addition.</summary>
    public ReadOnlySpan<int> Items => _items.AsSpan(0, Count);

    public void Add(int item)
    {
        if (Count == _items.Length)
            Grow(Count + 1);
        _items[Count++] = item;
    }

    public void Add(ReadOnlySpan<int> items)
    {
        if (items.Length > _items.Length - Count)
            Grow(Count + items.Length);
        items.CopyTo(_items.AsSpan(Count));
        Count += items.Length;
    }

    public void Clear() => Count = 0;

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_items);
        _items = [];
        Count = 0;
    }

    private void Grow(int least)
    {
        int[] larger = ArrayPool<int>.Shared.Rent(Math.Max(least, (int)Math.Min(2L * _items.Length, Array.MaxLength)));
        Items.CopyTo(larger);
        ArrayPool<int>.Shared.Return(_items);
        _items = larger;
    }
}
