using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Host memory that refuses when told to, and remembers the largest allocation.</summary>
internal sealed class WatchedMemory : DeviceMemory
{
    private readonly CpuMemory _memory = new();

    public bool IsFull { get; set; }

    public int Allocations { get; private set; }

    public long Largest { get; set; }

    public override long FreeBytes => IsFull ? 0 : _memory.FreeBytes;

    public override long TotalBytes => _memory.TotalBytes;

    public override DeviceBuffer Allocate(long bytes, string purpose)
    {
        if (IsFull)
            throw new DeviceMemoryException($"{purpose}: none left");
        (Allocations, Largest) = (Allocations + 1, Math.Max(Largest, bytes));
        return _memory.Allocate(bytes, purpose);
    }

    public override void Upload(ReadOnlySpan<byte> from, Tensor into) => _memory.Upload(from, into);

    public override void Download(Tensor from, Span<byte> into) => _memory.Download(from, into);

    public override void Poison(nint address, long bytes) => _memory.Poison(address, bytes);
}
