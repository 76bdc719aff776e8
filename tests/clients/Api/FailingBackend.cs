using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Host;

namespace Glm5.Tests.Clients.Api;

/// <summary>The cpu backend, whose devices fail in the first step after <see cref="Break"/>.</summary>
internal sealed class FailingBackend : Backend
{
    public const string Sentence = "the device fell off the bus";

    private readonly Backend _inner = BackendCatalog.Choose("cpu").Backend;
    private volatile bool _broken;

    public override string Name => _inner.Name;

    public override int Preference => _inner.Preference;

    public void Break() => _broken = true;

    public override ProbeResult Probe() => _inner.Probe();

    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request) =>
        [.. _inner.Open(request).Select(device => new Device(this, device))];

    private sealed class Device(FailingBackend backend, IAccelerator inner) : IAccelerator
    {
        public Capabilities Capabilities => inner.Capabilities;

        public DeviceMemory Memory => inner.Memory;

        public Collectives Collectives => inner.Collectives;

        public StepGraphs Graphs => inner.Graphs;

        public BlockOps Ops => inner.Ops;

        public PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role) => inner.Pack(parts, role);

        public long KvBlockBytes(KvSpec spec) => inner.KvBlockBytes(spec);

        public KvStore CreateKvStore(KvSpec spec, int blocks) => inner.CreateKvStore(spec, blocks);

        public StepPlan Plan(StepLayout layout) =>
            backend._broken ? throw new AcceleratorException(Sentence) : inner.Plan(layout);

        public void Synchronize() => inner.Synchronize();

        public void Dispose() => inner.Dispose();
    }
}
