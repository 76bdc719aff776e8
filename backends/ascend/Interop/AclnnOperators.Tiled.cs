namespace Glm5.Backends.Ascend.Interop;

/// <summary>Products with weights in the tiles of cube cores (FRACTAL_NZ). Parameter names and order are the headers'.</summary>
internal sealed unsafe partial class AclnnOperators
{
    public int MatmulWeightNz(AclTensor* self, AclTensor* mat2, AclTensor* @out, sbyte cubeMathType, ulong*
        workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, sbyte, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.MatmulWeightNz))(self, mat2, @out, cubeMathType, workspaceSize, executor);

    public int QuantMatmulWeightNz(AclTensor* x1, AclTensor* x2, AclTensor* x1Scale, AclTensor* x2Scale, AclTensor*
        yScale, AclTensor* x1Offset, AclTensor* x2Offset, AclTensor* yOffset, AclTensor* bias, bool transposeX1,
        bool transposeX2, long groupSize, AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, bool, bool, long, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.QuantMatmulWeightNz))(x1, x2, x1Scale, x2Scale, yScale, x1Offset, x2Offset,
            yOffset, bias, transposeX1, transposeX2, groupSize, @out, workspaceSize, executor);

    public int GroupedMatmulWeightNz(AclTensorList* x, AclTensorList* weight, AclTensorList* biasOptional,
        AclTensorList* scaleOptional, AclTensorList* offsetOptional, AclTensorList* antiquantScaleOptional,
        AclTensorList* antiquantOffsetOptional, AclTensorList* perTokenScaleOptional, AclTensor* groupListOptional,
        AclTensorList* activationInputOptional, AclTensorList* activationQuantScaleOptional, AclTensorList*
        activationQuantOffsetOptional, long splitItem, long groupType, long groupListType, long actType,
        AclIntArray* tuningConfigOptional, long quantGroupSize, AclTensorList* @out, AclTensorList*
        activationFeatureOutOptional, AclTensorList* dynQuantScaleOutOptional, ulong* workspaceSize, AclOpExecutor**
        executor) =>
        ((delegate* unmanaged<AclTensorList*, AclTensorList*, AclTensorList*, AclTensorList*, AclTensorList*,
            AclTensorList*, AclTensorList*, AclTensorList*, AclTensor*, AclTensorList*, AclTensorList*,
            AclTensorList*, long, long, long, long, AclIntArray*, long, AclTensorList*, AclTensorList*,
            AclTensorList*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.GroupedMatmulWeightNz))(x, weight, biasOptional, scaleOptional, offsetOptional,
            antiquantScaleOptional, antiquantOffsetOptional, perTokenScaleOptional, groupListOptional,
            activationInputOptional, activationQuantScaleOptional, activationQuantOffsetOptional, splitItem,
            groupType, groupListType, actType, tuningConfigOptional, quantGroupSize, @out,
            activationFeatureOutOptional, dynQuantScaleOutOptional, workspaceSize, executor);

    public int GroupedMatmulSwigluQuantWeightNzV2(AclTensor* x, AclTensorList* weight, AclTensorList* weightScale,
        AclTensorList* weightAssistMatrix, AclTensor* bias, AclTensor* xScale, AclTensor* smoothScale, AclTensor*
        groupList, long dequantMode, long dequantDtype, long quantMode, long groupListType, AclIntArray*
        tuningConfigOptional, AclTensor* output, AclTensor* outputScale, ulong* workspaceSize, AclOpExecutor**
        executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensorList*, AclTensorList*, AclTensorList*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, long, long, long, long, AclIntArray*, AclTensor*, AclTensor*, ulong*,
            AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.GroupedMatmulSwigluQuantWeightNzV2))(x, weight, weightScale,
            weightAssistMatrix, bias, xScale, smoothScale, groupList, dequantMode, dequantDtype, quantMode,
            groupListType, tuningConfigOptional, output, outputScale, workspaceSize, executor);
}
