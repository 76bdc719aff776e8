using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Mpi;

/// <summary>
/// Experts spread over processes. Tokens are gathered across the groups, each rank from those in its own place; results go to
/// every rank, but to each only the chunks that it sums up.
/// </summary>
/// <param name="mpi">The library.</param>
/// <param name="across">The communicator of this rank's peers in the other groups, itself included.</param>
/// <param name="groups">Groups.</param>
internal sealed class MpiExperts(MpiLibrary mpi, nint across, int groups) : ExpertExchange
{
    private readonly MpiWords _x = new(), _experts = new(), _weights = new(), _sent = new(), _received = new();
    private readonly Offer[] _offers = new Offer[groups];
    private readonly int[] _tokens = new int[groups], _counts = new int[groups], _places = new int[groups];
    private readonly nint[] _shown = new nint[mpi.Size(mpi.World)];
    private readonly Stretches _out = Make(mpi), _in = Make(mpi);

    /// <inheritdoc/>
    public override int Rank { get; } = mpi.Rank(mpi.World);

    /// <inheritdoc/>
    public override int Size => _shown.Length;

    /// <inheritdoc/>
    public override int Groups => groups;

    /// <inheritdoc/>
    public override unsafe ReadOnlySpan<Offer> Dispatch(Tensor x, Routes routes)
    {
        int mine = (int)x[0], hidden = (int)x[1], choices = (int)routes.Experts[1];
        fixed (int* tokens = _tokens)
            mpi.AllGather(across, (nint)(&mine), 1, (nint)tokens);
        nint rows = Gather(_x, x), experts = Gather(_experts, routes.Experts), weights = Gather(_weights, routes.Weights);
        long before = 0;
        for (int g = 0; g < groups; g++)
        {
            nint pairs = (nint)(before * choices * sizeof(int));
            _offers[g] = new Offer(
                rows + (nint)(before * hidden * sizeof(float)), hidden, experts + pairs, weights + pairs, _tokens[g]);
            before += _tokens[g];
        }

        return _offers;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<nint> Show(Tensor results, ReadOnlySpan<int> rows, long width)
    {
        int ranksPerGroup = Size / groups, chunks = RowParallelChunks.PerRank(ranksPerGroup), place = 0;
        int first = Rank % ranksPerGroup * chunks;
        for (int r = 0; r < Size; r++)
        {
            int ofEach = checked((int)(chunks * rows[Rank] * width));
            (_out.Counts[r], _out.Places[r]) = (ofEach, r % ranksPerGroup * ofEach);
            (_in.Counts[r], _in.Places[r]) = (checked((int)(chunks * rows[r] * width)), place);
            place = checked(place + _in.Counts[r]);
        }

        nint all = _received.Room(Math.Max(1, place));
        // Also who sends nothing needs a place of its own: where both are one, Open MPI takes it for MPI_IN_PLACE.
        mpi.AllToAll(mpi.World, results.IsEmpty ? _sent.Room(1) : results.Address, _out, all, _in);
        for (int r = 0; r < Size; r++)
            _shown[r] = all + (nint)((_in.Places[r] - (first * rows[r] * width)) * sizeof(float));
        return _shown;
    }

    /// <summary>What others showed was copied here.</summary>
    public override void Release()
    {
    }

    /// <summary>Four-byte rows of all groups, [Σ tokens, width].</summary>
    private nint Gather(MpiWords into, Tensor local)
    {
        MpiCollectives.Lay(_tokens, (int)local[1], _counts, _places);
        nint all = into.Room(_places[^1] + _counts[^1]);
        mpi.AllGather(across, _sent.Dense(local), (int)local.Count, all, _counts, _places);
        return all;
    }

    private static Stretches Make(MpiLibrary mpi) => new(new int[mpi.Size(mpi.World)], new int[mpi.Size(mpi.World)]);
}
