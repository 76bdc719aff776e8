using System.Diagnostics;

namespace Glm5.Core.Scheduling;

/// <summary>How the items of a <see cref="PlacedHeap{T, TOrder}"/> are ordered, and where each notes its place.</summary>
internal interface IHeapOrder<T>
{
    /// <summary>True when <paramref name="a"/> is to be taken before <paramref name="b"/>. A strict total order.</summary>
    static abstract bool IsBefore(T a, T b);

    /// <summary>Where an item notes its place: 0 while it is in no such heap.</summary>
    static abstract ref int Place(T item);
}

/// <summary>
/// A binary heap whose items know where they stand, so that any of them can leave, or move after its order has changed,
/// in logarithmic time. Adding allocates when it has never held so many; nothing else does.
/// </summary>
internal sealed class PlacedHeap<T, TOrder>
    where T : class
    where TOrder : struct, IHeapOrder<T>
{
    private const int Root = 1;

    private T[] _items = new T[16];

    /// <summary>Items in the heap.</summary>
    public int Count { get; private set; }

    /// <summary>The item before all others; null when there is none.</summary>
    public T? First => Count == 0 ? null : _items[Root];

    /// <summary>All items, in the heap's order.</summary>
    public ReadOnlySpan<T> Items => _items.AsSpan(Root, Count);

    /// <summary>Adds an item.</summary>
    public void Add(T item)
    {
        Debug.Assert(TOrder.Place(item) == 0, "the item is in a heap already");
        if (++Count == _items.Length)
            Array.Resize(ref _items, 2 * _items.Length);
        Rise(Count, item);
    }

    /// <summary>Takes an item out, wherever it stands.</summary>
    public void Remove(T item)
    {
        int place = TOrder.Place(item);
        T last = _items[Count];
        _items[Count--] = null!;
        TOrder.Place(item) = 0;
        if (last != item)
            Settle(place, last);
    }

    /// <summary>An item's order has changed since it was added.</summary>
    public void Moved(T item) => Settle(TOrder.Place(item), item);

    private void Settle(int place, T item)
    {
        if (place > Root && TOrder.IsBefore(item, _items[place / 2]))
            Rise(place, item);
        else
            Sink(place, item);
    }

    private void Rise(int place, T item)
    {
        for (; place > Root && TOrder.IsBefore(item, _items[place / 2]); place /= 2)
            Put(place, _items[place / 2]);
        Put(place, item);
    }

    private void Sink(int place, T item)
    {
        while (2 * place <= Count)
        {
            int child = 2 * place;
            if (child < Count && TOrder.IsBefore(_items[child + 1], _items[child]))
                child++;
            if (!TOrder.IsBefore(_items[child], item))
                break;
            Put(place, _items[child]);
            place = child;
        }

        Put(place, item);
    }

    private void Put(int place, T item)
    {
        _items[place] = item;
        TOrder.Place(item) = place;
    }
}
