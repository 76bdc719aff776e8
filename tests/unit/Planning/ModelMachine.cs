using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Planning;

/// <summary>Devices of a given size, with caches in the served FP8 layout: 656 and 132 bytes a token and layer.</summary>
internal sealed class ModelMachine(int devices, long memoryBytes) : DeviceFootprint
{
    public override string Device => "test device";

    public override int Devices => devices;

    public override long TotalBytes => memoryBytes;

    public override long FreeBytes => memoryBytes;

    public override bool SharesMemory => false;

    public override IReadOnlyList<int> BlockSlots { get; } = [64];

    public override IReadOnlyList<KvFormat> KvFormats { get; } = [KvFormat.FP8];

    public override bool TakesRanks(int ranks) => true;

    public override long KvBlockBytes(KvSpec spec) => spec.BlockSlots * spec.TokenBytes;

    public override long CommunicationBytes(int ranks) => 100_000_000;
}
