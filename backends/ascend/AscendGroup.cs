using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend;

/// <summary>
/// The ranks of one process, one a device: where they meet on the host, and the root information by which their
/// communicator is made. Shared by all of them.
/// </summary>
internal sealed class AscendGroup(CannInstallation cann, int size)
{
    private readonly Lock _gate = new();
    private HcclRootInfo _root;
    private bool _hasRoot;

    /// <summary>Where ranks meet on the host.</summary>
    public RankMeeting Meeting { get; } = new(size);

    /// <summary>Ranks.</summary>
    public int Size => size;

    /// <summary>What all ranks join by; the first that asks has it made, on its own device.</summary>
    public unsafe HcclRootInfo Root(AscendDevice device)
    {
        Hccl hccl = cann.Hccl ?? throw new CannException($"{size} ranks need collectives: {cann.CollectivesRefusal}");
        lock (_gate)
        {
            if (_hasRoot)
                return _root;
            device.Enter();
            HcclRootInfo root;
            AscendCollectives.Check(hccl, hccl.GetRootInfo(&root), "HcclGetRootInfo", device);
            (_root, _hasRoot) = (root, true);
            return root;
        }
    }
}
