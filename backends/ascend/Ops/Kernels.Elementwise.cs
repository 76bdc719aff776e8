using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Element by element. Inputs and outputs may be strided, sizes of 1 repeat.</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>into = a + b.</summary>
    public void Add(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.Add).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.Add(call[0], call[1], call.Scalar(1f), call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = a + value.</summary>
    public void Add(in View a, float value, in View into)
    {
        if (call.Begin(AclnnOp.Adds).Take(a).Take(value).Take(into).IsNew())
            call.Plan(_cann.Adds(call[0], call.Scalar(value), call.Scalar(1f), call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = a - b.</summary>
    public void Subtract(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.Sub).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.Sub(call[0], call[1], call.Scalar(1f), call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = a · b.</summary>
    public void Multiply(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.Mul).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.Mul(call[0], call[1], call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = a · factor.</summary>
    public void Multiply(in View a, float factor, in View into)
    {
        if (call.Begin(AclnnOp.Muls).Take(a).Take(factor).Take(into).IsNew())
            call.Plan(_cann.Muls(call[0], call.Scalar(factor), call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = a / b.</summary>
    public void Divide(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.Div).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.Div(call[0], call[1], call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = from in another element type, to nearest even.</summary>
    public void Cast(in View from, in View into)
    {
        if (call.Begin(AclnnOp.Cast).Take(from).Take((long)into.Type).Take(into).IsNew())
            call.Plan(_cann.Cast(call[0], into.Type, call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = from, of one element type.</summary>
    public void Copy(in View from, in View into)
    {
        if (call.Begin(AclnnOp.InplaceCopy).Take(into).Take(from).IsNew())
            call.Plan(_cann.InplaceCopy(call[0], call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>Every element becomes the value.</summary>
    public void Fill(in View into, float value)
    {
        bool floats = into.Type is AclDataType.Float or AclDataType.BFloat16;
        if (call.Begin(AclnnOp.InplaceFillScalar).Take(into).Take(value).IsNew())
        {
            AclScalar* scalar = floats ? call.Scalar(value) : call.Scalar((int)value);
            call.Plan(_cann.InplaceFillScalar(call[0], scalar, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>into = max(a, 0).</summary>
    public void Relu(in View a, in View into)
    {
        if (call.Begin(AclnnOp.Relu).Take(a).Take(into).IsNew())
            call.Plan(_cann.Relu(call[0], call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = 1 / (1 + e^−a).</summary>
    public void Sigmoid(in View a, in View into)
    {
        if (call.Begin(AclnnOp.Sigmoid).Take(a).Take(into).IsNew())
            call.Plan(_cann.Sigmoid(call[0], call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = silu(first half) · second half of the last dimension; both dense.</summary>
    public void SwiGlu(in View gateUp, in View into)
    {
        if (call.Begin(AclnnOp.SwiGlu).Take(gateUp).Take(into).IsNew())
            call.Plan(_cann.SwiGlu(call[0], -1, call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = condition ? a : b; condition is bool.</summary>
    public void Where(in View condition, in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.SWhere).Take(condition).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.SWhere(call[0], call[1], call[2], call[3], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>Elements under a dense bool mask become the value.</summary>
    public void FillWhere(in View into, in View mask, float value)
    {
        bool floats = into.Type is AclDataType.Float or AclDataType.BFloat16;
        if (call.Begin(AclnnOp.InplaceMaskedFillScalar).Take(into).Take(mask).Take(value).IsNew())
        {
            AclScalar* scalar = floats ? call.Scalar(value) : call.Scalar((int)value);
            call.Plan(_cann.InplaceMaskedFillScalar(call[0], call[1], scalar, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>A new dense bool: a &lt; value.</summary>
    public View IsBelow(in View a, float value)
    {
        View into = TemporaryLike(a, AclDataType.Bool);
        bool floats = a.Type == AclDataType.Float;
        if (call.Begin(AclnnOp.LtScalar).Take(a).Take(value).Take(into).IsNew())
        {
            AclScalar* scalar = floats ? call.Scalar(value) : call.Scalar((int)value);
            call.Plan(_cann.LtScalar(call[0], scalar, call[1], call.Size, call.Executor));
        }

        call.Run();
        return into;
    }

    /// <summary>A new dense bool: a = value.</summary>
    public View IsEqual(in View a, float value)
    {
        View into = TemporaryLike(a, AclDataType.Bool);
        if (call.Begin(AclnnOp.EqScalar).Take(a).Take(value).Take(into).IsNew())
            call.Plan(_cann.EqScalar(call[0], call.Scalar(value), call[1], call.Size, call.Executor));
        call.Run();
        return into;
    }

    /// <summary>into, a bool: a = b.</summary>
    public void AreEqual(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.EqTensor).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.EqTensor(call[0], call[1], call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>A new dense bool: a is no number.</summary>
    public View IsNaN(in View a)
    {
        View into = TemporaryLike(a, AclDataType.Bool);
        if (call.Begin(AclnnOp.NeTensor).Take(a).Take(a).Take(into).IsNew())
            call.Plan(_cann.NeTensor(call[0], call[1], call[2], call.Size, call.Executor));
        call.Run();
        return into;
    }
}
