namespace Glm5.Backends.Ascend.Interop;

/// <summary>Operators over rows: norms, sums, order, gathering. Parameter names and order are the headers'.</summary>
internal sealed unsafe partial class AclnnOperators
{
    public int RmsNorm(AclTensor* x, AclTensor* gamma, double epsilon, AclTensor* yOut, AclTensor* rstdOut,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, double, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.RmsNorm))(x, gamma, epsilon, yOut, rstdOut, workspaceSize, executor);

    public int LayerNorm(AclTensor* input, AclIntArray* normalizedShape, AclTensor* weightOptional,
        AclTensor* biasOptional, double eps, AclTensor* @out, AclTensor* meanOutOptional,
        AclTensor* rstdOutOptional, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclIntArray*, AclTensor*, AclTensor*, double, AclTensor*, AclTensor*,
            AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.LayerNorm))(input, normalizedShape, weightOptional, biasOptional, eps, @out,
            meanOutOptional, rstdOutOptional, workspaceSize, executor);

    public int Softmax(AclTensor* self, long dim, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, long, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Softmax))(self, dim, @out, workspaceSize, executor);

    public int ReduceSum(AclTensor* self, AclIntArray* dims, bool keepDims, AclDataType dtype, AclTensor* @out,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclIntArray*, bool, AclDataType, AclTensor*, ulong*, AclOpExecutor**,
            int>)
            _table.SizeEntry(AclnnOp.ReduceSum))(self, dims, keepDims, dtype, @out, workspaceSize, executor);

    public int Amax(AclTensor* self, AclIntArray* dim, bool keepDim, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclIntArray*, bool, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Amax))(self, dim, keepDim, @out, workspaceSize, executor);

    public int Cumsum(AclTensor* self, long dim, AclDataType dtype, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, long, AclDataType, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Cumsum))(self, dim, dtype, @out, workspaceSize, executor);

    public int Sort(AclTensor* self, bool stable, long dim, bool descending, AclTensor* valuesOut,
        AclTensor* indicesOut, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, bool, long, bool, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Sort))(self, stable, dim, descending, valuesOut, indicesOut, workspaceSize,
            executor);

    public int Gather(AclTensor* self, long dim, AclTensor* index, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, long, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Gather))(self, dim, index, @out, workspaceSize, executor);

    public int GatherV2(AclTensor* self, long dim, AclTensor* index, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, long, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.GatherV2))(self, dim, index, @out, workspaceSize, executor);

    public int ScatterNdUpdate(AclTensor* varRef, AclTensor* indices, AclTensor* updates, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.ScatterNdUpdate))(varRef, indices, updates, workspaceSize, executor);
}
