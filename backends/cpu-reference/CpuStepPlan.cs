using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>The layout's pinned arrays, read in place. One per accelerator, filled anew for each step.</summary>
public sealed class CpuStepPlan : StepPlan
{
    private StepLayout? _layout;

    /// <inheritdoc/>
    public override StepLayout Layout =>
        _layout ?? throw new AcceleratorException("the plan is read before a step was planned");

    /// <inheritdoc/>
    public override Tensor TokenIds => Layout.HostTokenIds;

    /// <inheritdoc/>
    public override Tensor Positions => Layout.HostPositions;

    /// <inheritdoc/>
    public override Tensor Slots => Layout.HostSlots;

    /// <inheritdoc/>
    public override Tensor LogitRows => Layout.HostLogitRows;

    /// <summary>Begins the next step; the layout stays the caller's.</summary>
    internal CpuStepPlan Begin(StepLayout layout)
    {
        _layout = layout;
        return this;
    }
}
