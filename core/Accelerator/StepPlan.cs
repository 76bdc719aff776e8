namespace Glm5.Core.Accelerator;

/// <summary>
/// A step as the device sees it: the layout's tables in device memory and whatever a backend prepares once per step
/// (tile metadata, graph key). Made by <see cref="IAccelerator.Plan"/>, valid until the next plan of the same accelerator.
/// </summary>
public abstract class StepPlan
{
    /// <summary>The host's side of it.</summary>
    public abstract StepLayout Layout { get; }

    /// <summary>[tokens] I32.</summary>
    public abstract Tensor TokenIds { get; }

    /// <summary>[tokens] I32 absolute positions.</summary>
    public abstract Tensor Positions { get; }

    /// <summary>[tokens] I32 cache slots.</summary>
    public abstract Tensor Slots { get; }

    /// <summary>[rows] I32 token indices whose logits are wanted.</summary>
    public abstract Tensor LogitRows { get; }
}
