using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>What one simulated device can do at most: peaks that every kernel is held against.</summary>
/// <param name="Id">How <c>--device sim:</c> names it.</param>
/// <param name="Name">The device in words.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="MemoryBandwidth">Bytes a second from its memory.</param>
/// <param name="Bf16Flops">Floating-point operations a second in BF16.</param>
/// <param name="EightBitFlops">Operations a second on FP8, or on INT8 where the device has no FP8.</param>
/// <param name="LinkBandwidth">Bytes a second to its peers, one way; infinite where nobody has published it.</param>
/// <param name="HostBandwidth">Bytes a second to the host's memory, one way; infinite where nobody has published it.</param>
/// <param name="KernelSeconds">The least that a kernel takes, however little it does.</param>
/// <param name="CollectiveSeconds">The least that an exchange between ranks takes.</param>
/// <param name="CachesInFp8">True where kernels read caches in the served FP8 layout, false for BF16 alone.</param>
internal sealed record DeviceSpec(
    string Id, string Name, long MemoryBytes, double MemoryBandwidth, double Bf16Flops, double EightBitFlops,
    double LinkBandwidth, double HostBandwidth, double KernelSeconds, double CollectiveSeconds, bool CachesInFp8)
{
    /// <summary>How caches can be stored, as serving wants it first.</summary>
    public IReadOnlyList<KvFormat> KvFormats => CachesInFp8 ? [KvFormat.FP8, KvFormat.BF16] : [KvFormat.BF16];
}
