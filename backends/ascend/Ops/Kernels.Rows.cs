using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Over rows: norms, sums, order, gathering. Outputs are dense unless said otherwise.</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>into = weight · x · rsqrt(mean(x²) + ε) over the last dimension; x may be strided.</summary>
    public void RmsNorm(in View x, in View weight, double epsilon, in View into)
    {
        View scale = Temporary(AclDataType.Float, x[0], x.Rank > 2 ? x[1] : 1, x.Rank > 2 ? 1 : -1);
        if (call.Begin(AclnnOp.RmsNorm).Take(x).Take(weight).Take(epsilon).Take(into).Take(scale).IsNew())
            call.Plan(_cann.RmsNorm(call[0], call[1], epsilon, call[2], call[3], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = (x − mean) · rsqrt(var + ε) · weight + bias over the last dimension of [rows, width].</summary>
    public void LayerNorm(in View x, in View weight, in View bias, double epsilon, in View into)
    {
        if (call.Begin(AclnnOp.LayerNorm).Take(x).Take(weight).Take(bias).Take(epsilon).Take(into).IsNew())
        {
            call.Plan(_cann.LayerNorm(
                call[0], call.Integers([x[1]]), call[1], call[2], epsilon, call[3], null, null, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>into = softmax of the last dimension.</summary>
    public void Softmax(in View x, in View into)
    {
        if (call.Begin(AclnnOp.Softmax).Take(x).Take(into).IsNew())
            call.Plan(_cann.Softmax(call[0], -1, call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into = Σ over a dimension, which is kept with size 1 when into has as many dimensions as x.</summary>
    public void Sum(in View x, int dimension, in View into)
    {
        bool keeps = into.Rank == x.Rank;
        if (call.Begin(AclnnOp.ReduceSum).Take(x).Take((long)dimension).Take(keeps ? 1L : 0).Take(into).IsNew())
        {
            call.Plan(_cann.ReduceSum(
                call[0], call.Integers([dimension]), keeps, AclDataType.Float, call[1], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>into [rows, 1] = the largest of each row of x [rows, width].</summary>
    public void Largest(in View x, in View into)
    {
        if (call.Begin(AclnnOp.Amax).Take(x).Take(into).IsNew())
            call.Plan(_cann.Amax(call[0], call.Integers([1]), true, call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into[r, i] = x[r, 0] + … + x[r, i] over a dimension, F32.</summary>
    public void RunningSum(in View x, int dimension, in View into)
    {
        if (call.Begin(AclnnOp.Cumsum).Take(x).Take((long)dimension).Take(into).IsNew())
            call.Plan(_cann.Cumsum(call[0], dimension, AclDataType.Float, call[1], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>Sorts the last dimension, stable: new values and the indices they came from, I64.</summary>
    public (View Values, View Indices) Sort(in View x, bool descending)
    {
        View values = TemporaryLike(x, x.Type), indices = TemporaryLike(x, AclDataType.Int64);
        if (call.Begin(AclnnOp.Sort).Take(x).Take(descending ? 1L : 0).Take(values).Take(indices).IsNew())
            call.Plan(_cann.Sort(call[0], true, -1, descending, call[1], call[2], call.Size, call.Executor));
        call.Run();
        return (values, indices);
    }

    /// <summary>into[r] = x[indices[r]]: x [n, width], indices [rows] I32 or I64, none negative.</summary>
    public void GatherRows(in View x, in View indices, in View into)
    {
        if (call.Begin(AclnnOp.GatherV2).Take(x).Take(indices).Take(into).IsNew())
            call.Plan(_cann.GatherV2(call[0], 0, call[1], call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into[r, j] = x[r, indices[r, j]], none negative.</summary>
    public void GatherColumns(in View x, in View indices, in View into)
    {
        if (call.Begin(AclnnOp.Gather).Take(x).Take(indices).Take(into).IsNew())
            call.Plan(_cann.Gather(call[0], 1, call[1], call[2], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>into[indices[r]] = x[r]: indices [rows] I32; x may be strided, into's other rows stay.</summary>
    public void ScatterRows(in View x, in View indices, in View into)
    {
        View places = indices.As(indices[0], 1);
        if (call.Begin(AclnnOp.ScatterNdUpdate).Take(into).Take(places).Take(x).IsNew())
            call.Plan(_cann.ScatterNdUpdate(call[0], call[1], call[2], call.Size, call.Executor));
        call.Run();
    }
}
