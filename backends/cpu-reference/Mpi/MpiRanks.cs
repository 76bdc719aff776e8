using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Mpi;

/// <summary>This process as one of several that <c>mpirun</c> has started together.</summary>
internal sealed class MpiRanks : ProcessRanks
{
    private readonly CpuVoice _voice;
    private readonly MpiLibrary _mpi = MpiLibrary.Instance;
    private bool _ended;

    /// <summary>Joins the others. Once a process; the calling thread makes all further calls.</summary>
    /// <exception cref="AcceleratorException">MPI is not here.</exception>
    public MpiRanks(CpuVoice voice)
    {
        _voice = voice;
        _mpi.Begin();
        (Rank, Size) = (_mpi.Rank(_mpi.World), _mpi.Size(_mpi.World));
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    /// <inheritdoc/>
    public override IAccelerator Open(DeviceRequest request)
    {
        if (request.TotalRanks != Size)
        {
            throw new AcceleratorException(
                $"{request.Groups} groups of {request.Ranks} ranks were asked for, and {Size} processes were started");
        }

        CpuBackend.CheckRanks(_voice, request.Ranks);
        int group = Rank / request.Ranks, place = Rank % request.Ranks;
        nint within = _mpi.Split(group, place), across = _mpi.Split(place, group);
        MpiCollectives? peers = request.Groups > 1 ? new MpiCollectives(_mpi, across) : null;
        var collectives = new MpiCollectives(_mpi, within, peers, new MpiExperts(_mpi, across, request.Groups));
        return new CpuAccelerator(_voice, collectives, Rank, request);
    }

    /// <inheritdoc/>
    public override int Least(int mine)
    {
        Span<int> all = stackalloc int[Size];
        new MpiCollectives(_mpi, _mpi.World).AllGather(mine, all);
        foreach (int other in all)
            mine = Math.Min(mine, other);
        return mine;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_ended)
            _mpi.End();
        _ended = true;
    }
}
