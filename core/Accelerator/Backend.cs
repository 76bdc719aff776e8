namespace Glm5.Core.Accelerator;

/// <summary>A family of devices: what `--device` names. Probing and opening need no device to be present.</summary>
public abstract class Backend
{
    /// <summary>The name that <c>--device</c> takes.</summary>
    public abstract string Name { get; }

    /// <summary>Rank among backends that are present: the highest is chosen by <c>--device auto</c>.</summary>
    public abstract int Preference { get; }

    /// <summary>Looks for devices. Never throws: what is missing is a refusal with its reason.</summary>
    public abstract ProbeResult Probe();

    /// <summary>
    /// How its devices hold a model, for planning; null where the backend cannot say without opening them, and a model
    /// that does not fit is found out while loading.
    /// </summary>
    public virtual DeviceFootprint? Footprint => null;

    /// <summary>False for devices that compute no values: a model's shape is all they need of its weights.</summary>
    public virtual bool ReadsWeights => true;

    /// <summary>Opens the ranks of every group, group 0 and its rank 0 first. The caller disposes each on its own thread.</summary>
    /// <exception cref="AcceleratorException">The devices are not there or do not fit the request.</exception>
    public abstract IReadOnlyList<IAccelerator> Open(DeviceRequest request);

    /// <summary>Why its ranks cannot be processes here, in a sentence; null when they can.</summary>
    public virtual string? ProcessRefusal => $"ranks of {Name} are threads of one process";

    /// <summary>
    /// Joins the processes that were started together with this one, each of which is a rank. Once a process, on the thread
    /// that drives the rank.
    /// </summary>
    /// <exception cref="AcceleratorException">They cannot be; see <see cref="ProcessRefusal"/>.</exception>
    public virtual ProcessRanks JoinProcesses() => throw new AcceleratorException(ProcessRefusal!);
}

/// <summary>This process's place among those that are ranks of one model. Disposed last, on the rank's thread.</summary>
public abstract class ProcessRanks : IDisposable
{
    /// <summary>This rank among all, group by group.</summary>
    public abstract int Rank { get; }

    /// <summary>All of them.</summary>
    public abstract int Size { get; }

    /// <summary>Opens this process's rank. Every process calls it with the same request.</summary>
    /// <exception cref="AcceleratorException">The request does not fit the processes.</exception>
    public abstract IAccelerator Open(DeviceRequest request);

    /// <summary>The least of every process's number.</summary>
    public abstract int Least(int mine);

    /// <summary>Leaves the others.</summary>
    public abstract void Dispose();
}

/// <summary>What ranks are opened for.</summary>
/// <param name="Ranks">Ranks in each group (tensor parallel size).</param>
/// <param name="ArenaBytes">Activation arena of each rank.</param>
/// <param name="Threads">Host threads that compute, over all ranks; 0 leaves it to the backend.</param>
public sealed record DeviceRequest(int Ranks, long ArenaBytes, int Threads = 0)
{
    /// <summary>Groups that decode sequences of their own and share the routed experts (data parallel size).</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Ranks of all groups.</summary>
    public int TotalRanks => Groups * Ranks;
}

/// <summary>What probing found: devices, or the one sentence why there are none.</summary>
/// <param name="Devices">Capabilities of each device found.</param>
/// <param name="Refusal">Why the backend cannot be used here; null when it can.</param>
public sealed record ProbeResult(IReadOnlyList<Capabilities> Devices, string? Refusal)
{
    /// <summary>True when the backend can be used.</summary>
    public bool IsPresent => Refusal is null;
}
