using System.Buffers;

namespace Glm5.Core.Tokenization;

/// <summary>
/// Byte-pair merging of one piece: of all neighbouring pairs the one with the lowest rank is joined, the leftmost of
/// equals first, until none is left. A linked list of the tokens and a heap of the candidates make it O(n log n),
/// whatever the text. Holds rented arrays until disposal. One thread.
/// </summary>
internal sealed class PieceMerger(int[] byteIds, MergeTable merges) : IDisposable
{
    private const int None = -1;

    private static readonly Merge s_none = new(None, None);

    private Link[] _links = ArrayPool<Link>.Shared.Rent(256);

    /// <summary>
    /// A binary heap of candidates, each a rank in the high half and the left token's position in the low half.
    /// </summary>
    private ulong[] _heap = ArrayPool<ulong>.Shared.Rent(256);
    private int _heapCount;

    /// <summary>Adds the ids of a non-empty piece.</summary>
    public void Merge(ReadOnlySpan<byte> piece, PooledInts into)
    {
        Chain(piece);
        while (_heapCount > 0)
        {
            ulong candidate = Pop();
            int left = (int)(uint)candidate;

            // Either token may have been joined since: then the pair here is another one, or none.
            if (_links[left].Merge.Rank == (int)(candidate >> 32))
                Join(left);
        }

        for (int at = 0; at != None; at = _links[at].Next)
            into.Add(_links[at].Id);
    }

    public void Dispose()
    {
        ArrayPool<Link>.Shared.Return(_links);
        ArrayPool<ulong>.Shared.Return(_heap);
        _links = [];
        _heap = [];
    }

    private void Chain(ReadOnlySpan<byte> piece)
    {
        if (_links.Length < piece.Length)
        {
            ArrayPool<Link>.Shared.Return(_links);
            _links = ArrayPool<Link>.Shared.Rent(piece.Length);
        }

        for (int at = 0; at < piece.Length; at++)
            _links[at] = new Link(byteIds[piece[at]], at - 1, at + 1, s_none);
        _links[piece.Length - 1].Next = None;

        _heapCount = 0;
        for (int at = 0; at < piece.Length - 1; at++)
            Propose(at);
    }

    private void Join(int left)
    {
        int right = _links[left].Next;
        int next = _links[right].Next;
        _links[left].Id = _links[left].Merge.Result;
        _links[left].Next = next;
        _links[right].Merge = s_none;
        if (next != None)
            _links[next].Previous = left;

        Propose(left);
        if (_links[left].Previous != None)
            Propose(_links[left].Previous);
    }

    /// <summary>Looks up the merge of a token with its right neighbour.</summary>
    private void Propose(int left)
    {
        int right = _links[left].Next;
        _links[left].Merge = s_none;
        if (right == None || !merges.TryGet(_links[left].Id, _links[right].Id, out Merge merge))
            return;

        _links[left].Merge = merge;

        if (_heapCount == _heap.Length)
        {
            ulong[] larger = ArrayPool<ulong>.Shared.Rent(2 * _heap.Length);
            _heap.CopyTo(larger, 0);
            ArrayPool<ulong>.Shared.Return(_heap);
            _heap = larger;
        }

        Push(((ulong)merge.Rank << 32) | (uint)left);
    }

    private void Push(ulong candidate)
    {
        int at = _heapCount++;
        while (at > 0 && _heap[(at - 1) / 2] > candidate)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = candidate;
    }

    private ulong Pop()
    {
        ulong least = _heap[0];
        ulong last = _heap[--_heapCount];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child])
                child++;
            if (child >= _heapCount || _heap[child] >= last)
                break;
            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
        return least;
    }

    /// <summary>A token with its neighbours and its merge with the right one.</summary>
    private record struct Link(int Id, int Previous, int Next, Merge Merge);
}
