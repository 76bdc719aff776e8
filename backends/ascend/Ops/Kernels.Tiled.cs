using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Products whose right side lies in tiles (<see cref="WeightTiles"/>).</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>into [m, n] = a [m, k] · b [k, n] in BF16; b shown as it lies.</summary>
    public void TiledProduct(in View a, in View b, in View into)
    {
        if (call.Begin(AclnnOp.MatmulWeightNz).Take(a).Take(b).Take(into).IsNew())
            call.Plan(_cann.MatmulWeightNz(call[0], call[1], call[2], KeepType, call.Size, call.Executor));
        call.Run();
    }

    /// <summary>The same of 8-bit integers, times the scales of a's rows [m] and of b's columns [n]; into BF16.</summary>
    public void QuantisedTiledProduct(in View a, in View aScales, in View b, in View bScales, in View into)
    {
        const long NoGroups = 0;
        bool isNew = call.Begin(AclnnOp.QuantMatmulWeightNz).Take(a).Take(b).Take(aScales).Take(bScales).Take(default(View))
            .Take(default(View)).Take(default(View)).Take(default(View)).Take(default(View)).Take(into).IsNew();
        if (isNew)
        {
            call.Plan(_cann.QuantMatmulWeightNz(
                call[0], call[1], call[2], call[3], null, null, null, null, null, false, false, NoGroups, call[9], call.Size,
                call.Executor));
        }

        call.Run();
    }

    /// <summary>Rows of a [rows, k] in groups that end at ends [groups] I64, each times its own of b [groups, k, n].</summary>
    public void TiledGroupedProduct(in View a, in View b, in View ends, in View into)
    {
        const long OneOutput = 3, ByRows = 0, Ends = 0, NoActivation = 0, NoGroups = 0;
        if (call.Begin(AclnnOp.GroupedMatmulWeightNz).Once().Take(a).Take(b).Take(ends).Take(into).IsNew())
        {
            call.Plan(_cann.GroupedMatmulWeightNz(
                call.List(0, 1), call.List(1, 1), null, null, null, null, null, null, call[2], null, null, null,
                OneOutput, ByRows, Ends, NoActivation, null, NoGroups, call.List(3, 1), null, null, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// The same of 8-bit integers: scales of a's rows [rows] F32, of each group's columns [groups, n] BF16; into BF16.
    /// </summary>
    public void QuantisedTiledGroupedProduct(in View a, in View aScales, in View b, in View bScales, in View ends, in View into)
    {
        const long OneOutput = 3, ByRows = 0, Ends = 0, NoActivation = 0, NoGroups = 0;
        if (call.Begin(AclnnOp.GroupedMatmulWeightNz).Once().Take(a).Take(b).Take(bScales).Take(aScales).Take(ends).Take(into).IsNew())
        {
            call.Plan(_cann.GroupedMatmulWeightNz(
                call.List(0, 1), call.List(1, 1), null, call.List(2, 1), null, null, null, call.List(3, 1), call[4], null, null,
                null, OneOutput, ByRows, Ends, NoActivation, null, NoGroups, call.List(5, 1), null, null, call.Size,
                call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// Gate and up products of each group's rows, silu(gate) · up, and that as 8-bit integers with a scale a row:
    /// codes [rows, n / 2] I8 and scales [rows] F32, of a [rows, k] I8 and b [groups, k, n] with scales [groups, n] F32.
    /// </summary>
    public (View Codes, View Scales) GatedCodes(in View a, in View aScales, in View b, in View bScales, in View ends)
    {
        const long ByChannel = 0, ToFloat = 0, ByToken = 0, Ends = 0;
        View codes = Temporary(AclDataType.Int8, a[0], b[2] / 2), scales = Temporary(AclDataType.Float, a[0]);
        bool isNew = call.Begin(AclnnOp.GroupedMatmulSwigluQuantWeightNzV2).Once().Take(a).Take(b).Take(bScales).Take(aScales)
            .Take(ends).Take(codes).Take(scales).IsNew();
        if (isNew)
        {
            call.Plan(_cann.GroupedMatmulSwigluQuantWeightNzV2(
                call[0], call.List(1, 1), call.List(2, 1), null, null, call[3], null, call[4], ByChannel, ToFloat, ByToken,
                Ends, null, call[5], call[6], call.Size, call.Executor));
        }

        call.Run();
        return (codes, scales);
    }
}
