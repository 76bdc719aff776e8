using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// The contract's primitives from operators that every CANN since 8.1 has: the whole model runs on them. Activations are
/// F32 between operations; products round their inputs to the type their weight is packed in.
/// </summary>
internal partial class AscendPrimitives : BlockOps, IDisposable
{
    private readonly CountingRow _counting;

    /// <summary>Operations of one rank.</summary>
    public AscendPrimitives(AscendMemory memory, ActivationArena arena, Collectives collectives, Kernels kernels, RopeAngles angles)
        : base(memory, arena, collectives)
    {
        (Kernels, Angles) = (kernels, angles);
        _counting = new CountingRow(memory);
    }

    /// <summary>The operators.</summary>
    protected Kernels Kernels { get; }

    /// <summary>Cosines and sines of positions.</summary>
    protected RopeAngles Angles { get; }

    /// <summary>Scratch memory, given back at the end of the scope.</summary>
    protected ActivationArena.Scope OpenScratch() => Kernels.Scratch.Open();

    /// <inheritdoc/>
    public void Dispose()
    {
        _counting.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>0, 1, … as F32, [count].</summary>
    protected View Counting(long count) => _counting.First(count);

    /// <summary>
    /// Where a dense result of an operation goes first: into itself, unless it is strided or one of the inputs.
    /// </summary>
    private View Target(in View into, AclDataType type, bool aliases = false) =>
        into.IsDense && into.Type == type && !aliases ? into : Kernels.TemporaryLike(into, type);

    /// <summary>Brings a result to where it belongs, when <see cref="Target"/> put it elsewhere.</summary>
    private void Deliver(in View result, in View into)
    {
        if (result.Address != into.Address || result.Type != into.Type)
            Kernels.Convert(result, into);
    }
}
