namespace Glm5.Backends.Ascend.Interop;

/// <summary>Matrix products. Parameter names and order are the headers'.</summary>
internal sealed unsafe partial class AclnnOperators
{
    public int Matmul(AclTensor* self, AclTensor* mat2, AclTensor* @out, sbyte cubeMathType, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, sbyte, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.Matmul))(self, mat2, @out, cubeMathType, workspaceSize, executor);

    public int BatchMatMul(AclTensor* self, AclTensor* mat2, AclTensor* @out, sbyte cubeMathType,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, sbyte, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.BatchMatMul))(self, mat2, @out, cubeMathType, workspaceSize, executor);

    public int GroupedMatmulV4(AclTensorList* x, AclTensorList* weight, AclTensorList* biasOptional,
        AclTensorList* scaleOptional, AclTensorList* offsetOptional, AclTensorList* antiquantScaleOptional,
        AclTensorList* antiquantOffsetOptional, AclTensorList* perTokenScaleOptional, AclTensor* groupListOptional,
        AclTensorList* activationInputOptional, AclTensorList* activationQuantScaleOptional,
        AclTensorList* activationQuantOffsetOptional, long splitItem, long groupType, long groupListType,
        long actType, AclTensorList* @out, AclTensorList* activationFeatureOutOptional,
        AclTensorList* dynQuantScaleOutOptional, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensorList*, AclTensorList*, AclTensorList*, AclTensorList*, AclTensorList*,
            AclTensorList*, AclTensorList*, AclTensorList*, AclTensor*, AclTensorList*, AclTensorList*,
            AclTensorList*, long, long, long, long, AclTensorList*, AclTensorList*, AclTensorList*, ulong*,
            AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.GroupedMatmulV4))(x, weight, biasOptional, scaleOptional, offsetOptional,
            antiquantScaleOptional, antiquantOffsetOptional, perTokenScaleOptional, groupListOptional,
            activationInputOptional, activationQuantScaleOptional, activationQuantOffsetOptional, splitItem,
            groupType, groupListType, actType, @out, activationFeatureOutOptional, dynQuantScaleOutOptional,
            workspaceSize, executor);

    public int TransposeBatchMatMul(AclTensor* x1, AclTensor* x2, AclTensor* bias, AclTensor* scale,
        AclIntArray* permX1, AclIntArray* permX2, AclIntArray* permY, sbyte cubeMathType, int batchSplitFactor,
        AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclIntArray*, AclIntArray*,
            AclIntArray*, sbyte, int, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.TransposeBatchMatMul))(x1, x2, bias, scale, permX1, permX2, permY,
            cubeMathType, batchSplitFactor, @out, workspaceSize, executor);

    public int QuantMatmulV4(AclTensor* x1, AclTensor* x2, AclTensor* scale, AclTensor* offset,
        AclTensor* pertokenScaleOptional, AclTensor* bias, bool transposeX1, bool transposeX2, AclTensor* @out,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, bool, bool,
            AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.QuantMatmulV4))(x1, x2, scale, offset, pertokenScaleOptional, bias,
            transposeX1, transposeX2, @out, workspaceSize, executor);

    public int DynamicQuant(AclTensor* x, AclTensor* smoothScalesOptional, AclTensor* yOut, AclTensor* scaleOut,
        ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.DynamicQuant))(x, smoothScalesOptional, yOut, scaleOut, workspaceSize,
            executor);
}
