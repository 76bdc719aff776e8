using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Mpi;

/// <summary>
/// Exchange between ranks that are processes: values travel by MPI, and each rank adds up what it received in rank order,
/// as threads do with what they read. Used by the rank's thread alone.
/// </summary>
/// <param name="mpi">The library.</param>
/// <param name="group">The communicator of the ranks it is between.</param>
/// <param name="across">Exchange with this rank's peers in the other groups; null where there is one group.</param>
/// <param name="experts">Exchange with all ranks that share the experts.</param>
internal sealed unsafe class MpiCollectives(
    MpiLibrary mpi, nint group, MpiCollectives? across = null, ExpertExchange? experts = null) : CpuCollectives
{
    private readonly MpiWords _sent = new(), _received = new();
    private readonly Published[] _published = new Published[mpi.Size(group)];
    private readonly int[] _counts = new int[mpi.Size(group)], _places = new int[mpi.Size(group)];
    private readonly int[] _sentCounts = new int[mpi.Size(group)], _sentPlaces = new int[mpi.Size(group)];

    /// <inheritdoc/>
    public override int Rank { get; } = mpi.Rank(group);

    /// <inheritdoc/>
    public override int Size => _published.Length;

    /// <inheritdoc/>
    public override bool SharesHostMemory => false;

    /// <inheritdoc/>
    public override Collectives? Across => across;

    /// <inheritdoc/>
    public override ExpertExchange? Experts => experts;

    /// <inheritdoc/>
    public override ReadOnlySpan<Published> Publish(Tensor values)
    {
        InProcessCollectives.RequireDense("Publish", values);
        nint all = Size == 1 ? values.Address : Gather(values);
        long rowStride = values.Rank == 1 ? values.Count : values.Stride(0);
        for (int r = 0; r < _published.Length; r++)
            _published[r] = new Published(all + (nint)(r * values.Count * sizeof(float)), rowStride, values.Rows);
        return _published;
    }

    /// <summary>What others showed was copied here.</summary>
    public override void Release()
    {
    }

    /// <inheritdoc/>
    public override void AllReduceSum(Tensor values)
    {
        InProcessCollectives.RequireDense("AllReduceSum", values);
        if (Size == 1)
            return;
        SumRanks((float*)Gather(values), values.Count, (float*)values.Address);
    }

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into)
    {
        InProcessCollectives.RequireColumns(local, into, Size);
        float* all = (float*)_received.Room(Size * local.Count);
        mpi.AllGather(group, _sent.Dense(local), checked((int)local.Count), (nint)all);
        int width = (int)local[1];
        for (long row = 0; row < into[0]; row++)
        {
            Span<float> joined = new((float*)into.Address + (row * into.Stride(0)), (int)into[1]);
            for (int r = 0; r < Size; r++)
                new Span<float>(all + (r * local.Count) + (row * width), width).CopyTo(joined[(r * width)..]);
        }
    }

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all)
    {
        int* gathered = stackalloc int[Size];
        mpi.AllGather(group, (nint)(&mine), 1, (nint)gathered);
        new Span<int>(gathered, Size).CopyTo(all);
    }

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into)
    {
        InProcessCollectives.RequireRows("AllGatherRows", local, rows[Rank], into, rows);
        Lay(rows, (int)into[1], _counts, _places);
        mpi.AllGather(group, _sent.Dense(local), _counts[Rank], into.Address, _counts, _places);
    }

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into)
    {
        InProcessCollectives.RequireDense("ReduceScatterRows", values);
        InProcessCollectives.RequireRows("ReduceScatterRows", into, rows[Rank], values, rows);
        InProcessCollectives.RequireDense("ReduceScatterRows", into);
        Lay(rows, (int)values[1], _sentCounts, _sentPlaces);
        int own = _sentCounts[Rank];
        for (int r = 0; r < Size; r++)
            (_counts[r], _places[r]) = (own, r * own);
        nint all = _received.Room((long)Size * own);
        mpi.AllToAll(
            group, values.Address, new Stretches(_sentCounts, _sentPlaces), all, new Stretches(_counts, _places));
        SumRanks((float*)all, own, (float*)into.Address);
    }

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values)
    {
        fixed (int* words = values)
            mpi.Broadcast(group, (nint)words, values.Length);
    }

    /// <inheritdoc/>
    public override void Barrier() => mpi.Barrier(group);

    /// <summary>Nothing to do: a process that fails ends, and whoever started the processes ends its peers.</summary>
    public override void Abort(string reason)
    {
    }

    /// <summary>Words of each rank when rows have so many, one behind the other.</summary>
    internal static void Lay(ReadOnlySpan<int> rows, int width, int[] counts, int[] places)
    {
        int place = 0;
        for (int r = 0; r < rows.Length; r++)
        {
            (counts[r], places[r]) = (checked(rows[r] * width), place);
            place = checked(place + counts[r]);
        }
    }

    private nint Gather(Tensor values)
    {
        nint all = _received.Room(Size * values.Count);
        mpi.AllGather(group, values.Address, checked((int)values.Count), all);
        return all;
    }

    private void SumRanks(float* all, long count, float* into)
    {
        for (long i = 0; i < count; i++)
        {
            float sum = all[i];
            for (int r = 1; r < Size; r++)
                sum += all[(r * count) + i];
            into[i] = sum;
        }
    }
}
