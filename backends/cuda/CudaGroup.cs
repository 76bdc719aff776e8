using Glm5.Backends.Cuda.Interop;

namespace Glm5.Backends.Cuda;

/// <summary>
/// The ranks of one process, one a device: where they meet on the host, and the id by which their communicator is made.
/// Shared by all of them.
/// </summary>
internal sealed class CudaGroup(CudaInstallation cuda, int size)
{
    private readonly Lock _gate = new();
    private NcclUniqueId _id;
    private bool _hasId;

    /// <summary>Where ranks meet on the host.</summary>
    public RankMeeting Meeting { get; } = new(size);

    /// <summary>Ranks.</summary>
    public int Size => size;

    /// <summary>What all ranks join by; the first that asks has it made.</summary>
    public unsafe NcclUniqueId Id()
    {
        lock (_gate)
        {
            if (_hasId)
                return _id;
            NcclUniqueId id;
            CudaCollectives.Check(cuda.Exchange, cuda.Exchange.GetUniqueId(&id), "ncclGetUniqueId");
            (_id, _hasId) = (id, true);
            return id;
        }
    }
}
