using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Matrix products: element types of all three are one, inputs may be strided, outputs are dense.</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>The last dimension of a matrix as it lies may not be longer.</summary>
    public const long WidestMatrix = 65535;

    /// <summary>The inputs' own type is computed in: no silent HF32.</summary>
    private const sbyte KeepType = 0;

    /// <summary>into [m, n] = a [m, k] · b [k, n].</summary>
    public void Product(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.Matmul).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.Matmul(call[0], call[1], call[2], KeepType, call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into [g, m, n] = a [g, m, k] · b [g, k, n].</summary>
    public void BatchProduct(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.BatchMatMul).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.BatchMatMul(call[0], call[1], call[2], KeepType, call.Size, call.Executor));
        call.Run();
    }

    /// <summary>codes [rows, k] I8 and scales [rows] F32 of a [rows, k] BF16: scale = max|row| / 127.</summary>
    public (View Codes, View Scales) QuantiseRows(in View a)
    {
        View codes = TemporaryLike(a, AclDataType.Int8), scales = Temporary(AclDataType.Float, a[0]);
        if (call.Begin(AclnnOp.DynamicQuant).Take(a).Take(default(View)).Take(codes).Take(scales).IsNew())
            call.Plan(_cann.DynamicQuant(call[0], null, call[2], call[3], call.Size, call.Executor));
        call.Run();
        return (codes, scales);
    }

    /// <summary>
    /// into [m, n] BF16 = a [m, k] · b [n, k]ᵀ of 8-bit integers, times the scales of a's rows [m] and of b's rows [n].
    /// </summary>
    public void QuantisedProduct(in View a, in View aScales, in View b, in View bScales, in View into)
    {
        bool isNew = call.Begin(AclnnOp.QuantMatmulV4).Take(a).Take(b).Take(bScales).Take(default(View)).Take(aScales)
            .Take(default(View)).Take(into).IsNew();
        if (isNew)
        {
            call.Plan(_cann.QuantMatmulV4(
                call[0], call[1], call[2], null, call[4], null, false, true, call[6], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// As <see cref="GroupedProduct"/>, of 8-bit integers: scales of a's rows [rows] F32, of each group's columns
    /// [groups, n] BF16; into BF16.
    /// </summary>
    public void QuantisedGroupedProduct(in View a, in View aScales, in View b, in View bScales, in View ends, in View into)
    {
        const long OneOutput = 3, ByRows = 0, Ends = 0, NoActivation = 0;
        if (call.Begin(AclnnOp.GroupedMatmulV4).Once().Take(a).Take(b).Take(bScales).Take(aScales).Take(ends).Take(into).IsNew())
        {
            call.Plan(_cann.GroupedMatmulV4(
                call.List(0, 1), call.List(1, 1), null, call.List(2, 1), null, null, null, call.List(3, 1), call[4], null, null,
                null, OneOutput, ByRows, Ends, NoActivation, call.List(5, 1), null, null, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// Rows of a [rows, k] in groups that end at ends [groups] I64, each times its own of b [groups, k, n].
    /// </summary>
    public void GroupedProduct(in View a, in View b, in View ends, in View into)
    {
        const long OneOutput = 3, ByRows = 0, Ends = 0, NoActivation = 0;
        if (call.Begin(AclnnOp.GroupedMatmulV4).Once().Take(a).Take(b).Take(ends).Take(into).IsNew())
        {
            call.Plan(_cann.GroupedMatmulV4(
                call.List(0, 1), call.List(1, 1), null, null, null, null, null, null, call[2], null, null, null,
                OneOutput, ByRows, Ends, NoActivation, call.List(3, 1), null, null, call.Size, call.Executor));
        }

        call.Run();
    }
}
