using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// The bound operators on views, one method each: what goes in, what comes out, nothing else. Results go into memory of
/// the caller's; temporaries come from scratch memory and live until the caller's scope of it ends. What operators ask
/// of views (dense outputs, element types) is the caller's business.
/// </summary>
internal sealed unsafe partial class Kernels(AscendDevice device, ActivationArena scratch, AclnnCall call)
{
    private readonly AclnnOperators _cann = device.Cann.Operators;

    /// <summary>Scratch memory.</summary>
    public ActivationArena Scratch { get; } = scratch;

    /// <summary>Why an operator cannot be called here; null when it can.</summary>
    public string? Missing(AclnnOp op) => _cann.Missing(op);

    /// <summary>Uninitialised scratch memory; dimensions of -1 are absent.</summary>
    public View Temporary(AclDataType type, long d0, long d1 = -1, long d2 = -1, long d3 = -1)
    {
        View shape = View.Dense(0, type, d0, d1, d2, d3);
        Tensor bytes = Scratch.Take(ElementType.F8E4M3, Math.Max(1, shape.Count) * View.Bytes(type));
        return View.Dense(bytes.Address, type, d0, d1, d2, d3);
    }

    /// <summary>Scratch memory in the shape of a view.</summary>
    public View TemporaryLike(in View view, AclDataType type) => Temporary(
        type, view[0], view.Rank > 1 ? view[1] : -1, view.Rank > 2 ? view[2] : -1, view.Rank > 3 ? view[3] : -1);

    /// <summary>The view itself when it is dense and of the type; otherwise a copy that is.</summary>
    public View DenseAs(in View view, AclDataType type)
    {
        if (view.IsDense && view.Type == type)
            return view;
        View copy = TemporaryLike(view, type);
        Convert(view, copy);
        return copy;
    }

    /// <summary>into = from in into's element type.</summary>
    public void Convert(in View from, in View into)
    {
        if (from.Type == into.Type)
            Copy(from, into);
        else
            Cast(from, into);
    }
}
