using System.Linq;
using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>Forces the selections and routes that another run recorded, layer by layer: of arithmetics that round
/// differently, what follows from equal choices is compared.</summary>
public sealed class ForcedTrace(DeviceMemory memory, RecordedTrace recorded) : StepTrace
{
    /// <inheritdoc/>
    public override void Record(TracePoint point, int layer, Tensor value)
    {
    }

    /// <inheritdoc/>
    public override bool InjectSelection(int layer, Tensor positions)
    {
        int[][] rows = recorded.Integers(TracePoint.Selection, layer);
        Upload([.. rows.SelectMany(r => r)], positions);
        return true;
    }

    /// <inheritdoc/>
    public override bool InjectRoutes(int layer, Routes routes)
    {
        Upload([.. recorded.Integers(TracePoint.RouterExperts, layer).SelectMany(r => r)], routes.Experts);
        Upload([.. recorded.Floats(TracePoint.RouterWeights, layer).SelectMany(r => r)], routes.Weights);
        return true;
    }

    private void Upload<T>(T[] values, Tensor into)
        where T : unmanaged => memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), into);
}
