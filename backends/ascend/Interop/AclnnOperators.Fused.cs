namespace Glm5.Backends.Ascend.Interop;

/// <summary>Fusions of a layer. Parameter names and order are the headers'.</summary>
internal sealed unsafe partial class AclnnOperators
{
    public int AddRmsNorm(AclTensor* x1, AclTensor* x2, AclTensor* gamma, double epsilon, AclTensor* yOut,
        AclTensor* rstdOut, AclTensor* xOut, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, double, AclTensor*, AclTensor*, AclTensor*,
            ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.AddRmsNorm))(x1, x2, gamma, epsilon, yOut, rstdOut, xOut, workspaceSize,
            executor);

    public int MoeGatingTopK(AclTensor* x, AclTensor* biasOptional, long k, long kGroup, long groupCount,
        long groupSelectMode, long renorm, long normType, bool outFlag, double routedScalingFactor, double eps,
        AclTensor* yOut, AclTensor* expertIdxOut, AclTensor* outOut, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, long, long, long, long, long, long, bool, double, double,
            AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.MoeGatingTopK))(x, biasOptional, k, kGroup, groupCount, groupSelectMode,
            renorm, normType, outFlag, routedScalingFactor, eps, yOut, expertIdxOut, outOut, workspaceSize,
            executor);

    public int MoeInitRoutingV2(AclTensor* x, AclTensor* expertIdx, long activeNumOptional,
        long expertCapacityOptional, long expertNumOptional, long dropPadModeOptional,
        long expertTokensCountOrCumsumFlagOptional, bool expertTokensBeforeCapacityFlagOptional,
        AclTensor* expandedXOut, AclTensor* expandedRowIdxOut, AclTensor* expertTokensCountOrCumsumOutOptional,
        AclTensor* expertTokensBeforeCapacityOutOptional, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, long, long, long, long, long, bool, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.MoeInitRoutingV2))(x, expertIdx, activeNumOptional, expertCapacityOptional,
            expertNumOptional, dropPadModeOptional, expertTokensCountOrCumsumFlagOptional,
            expertTokensBeforeCapacityFlagOptional, expandedXOut, expandedRowIdxOut,
            expertTokensCountOrCumsumOutOptional, expertTokensBeforeCapacityOutOptional, workspaceSize, executor);

    public int MoeFinalizeRoutingV2(AclTensor* expandedX, AclTensor* expandedRowIdx, AclTensor* x1Optional,
        AclTensor* x2Optional, AclTensor* biasOptional, AclTensor* scalesOptional, AclTensor* expertIdxOptional,
        long dropPadMode, AclTensor* @out, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            long, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.MoeFinalizeRoutingV2))(expandedX, expandedRowIdx, x1Optional, x2Optional,
            biasOptional, scalesOptional, expertIdxOptional, dropPadMode, @out, workspaceSize, executor);

    public int InterleaveRope(AclTensor* x, AclTensor* cos, AclTensor* sin, AclTensor* @out, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.InterleaveRope))(x, cos, sin, @out, workspaceSize, executor);

    public int KvRmsNormRopeCache(AclTensor* kv, AclTensor* gamma, AclTensor* cos, AclTensor* sin, AclTensor* index,
        AclTensor* kCacheRef, AclTensor* ckvCacheRef, AclTensor* kRopeScaleOptional, AclTensor* cKvScaleOptional,
        AclTensor* kRopeOffsetOptional, AclTensor* cKvOffsetOptional, double epsilon, byte* cacheModeOptional,
        bool isOutputKv, AclTensor* kRopeOut, AclTensor* cKvOut, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, AclTensor*, AclTensor*, double, byte*, bool, AclTensor*, AclTensor*, ulong*,
            AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.KvRmsNormRopeCache))(kv, gamma, cos, sin, index, kCacheRef, ckvCacheRef,
            kRopeScaleOptional, cKvScaleOptional, kRopeOffsetOptional, cKvOffsetOptional, epsilon,
            cacheModeOptional, isOutputKv, kRopeOut, cKvOut, workspaceSize, executor);

    public int LightningIndexer(AclTensor* query, AclTensor* key, AclTensor* weights,
        AclTensor* actualSeqLengthsQueryOptional, AclTensor* actualSeqLengthsKeyOptional,
        AclTensor* blockTableOptional, byte* layoutQueryOptional, byte* layoutKeyOptional, long sparseCount,
        long sparseMode, long preTokens, long nextTokens, bool returnValues, AclTensor* sparseIndicesOut,
        AclTensor* sparseValuesOut, ulong* workspaceSize, AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, byte*, byte*,
            long, long, long, long, bool, AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.LightningIndexer))(query, key, weights, actualSeqLengthsQueryOptional,
            actualSeqLengthsKeyOptional, blockTableOptional, layoutQueryOptional, layoutKeyOptional, sparseCount,
            sparseMode, preTokens, nextTokens, returnValues, sparseIndicesOut, sparseValuesOut, workspaceSize,
            executor);

    public int SparseFlashAttention(AclTensor* query, AclTensor* key, AclTensor* value, AclTensor* sparseIndices,
        AclTensor* blockTableOptional, AclTensor* actualSeqLengthsQueryOptional,
        AclTensor* actualSeqLengthsKvOptional, AclTensor* queryRopeOptional, AclTensor* keyRopeOptional,
        double scaleValue, long sparseBlockSizeOptional, byte* layoutQueryOptional, byte* layoutKvOptional,
        long sparseMode, long preTokens, long nextTokens, long attentionMode, bool returnSoftmaxLse,
        AclTensor* attentionOut, AclTensor* softmaxMax, AclTensor* softmaxSum, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, double, long, byte*, byte*, long, long, long, long, bool, AclTensor*,
            AclTensor*, AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.SparseFlashAttention))(query, key, value, sparseIndices, blockTableOptional,
            actualSeqLengthsQueryOptional, actualSeqLengthsKvOptional, queryRopeOptional, keyRopeOptional,
            scaleValue, sparseBlockSizeOptional, layoutQueryOptional, layoutKvOptional, sparseMode, preTokens,
            nextTokens, attentionMode, returnSoftmaxLse, attentionOut, softmaxMax, softmaxSum, workspaceSize,
            executor);

    public int MlaPrologV3WeightNz(AclTensor* tokenX, AclTensor* weightDq, AclTensor* weightUqQr,
        AclTensor* weightUk, AclTensor* weightDkvKr, AclTensor* rmsnormGammaCq, AclTensor* rmsnormGammaCkv,
        AclTensor* ropeSin, AclTensor* ropeCos, AclTensor* kvCacheRef, AclTensor* krCacheRef,
        AclTensor* cacheIndexOptional, AclTensor* dequantScaleXOptional, AclTensor* dequantScaleWDqOptional,
        AclTensor* dequantScaleWUqQrOptional, AclTensor* dequantScaleWDkvKrOptional,
        AclTensor* quantScaleCkvOptional, AclTensor* quantScaleCkrOptional, AclTensor* smoothScalesCqOptional,
        AclTensor* actualSeqLenOptional, AclTensor* kNopeClipAlphaOptional, double rmsnormEpsilonCq,
        double rmsnormEpsilonCkv, byte* cacheModeOptional, long weightQuantMode, long kvCacheQuantMode,
        long queryQuantMode, long ckvkrRepoMode, long quantScaleRepoMode, long tileSize, double qcQrScale,
        double kcScale, AclTensor* queryOut, AclTensor* queryRopeOut, AclTensor* dequantScaleQNopeOutOptional,
        AclTensor* queryNormOutOptional, AclTensor* dequantScaleQNormOutOptional, ulong* workspaceSize,
        AclOpExecutor** executor) =>
        ((delegate* unmanaged<AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, AclTensor*, double, double, byte*, long,
            long, long, long, long, long, double, double, AclTensor*, AclTensor*, AclTensor*, AclTensor*,
            AclTensor*, ulong*, AclOpExecutor**, int>)
            _table.SizeEntry(AclnnOp.MlaPrologV3WeightNz))(tokenX, weightDq, weightUqQr, weightUk, weightDkvKr,
            rmsnormGammaCq, rmsnormGammaCkv, ropeSin, ropeCos, kvCacheRef, krCacheRef, cacheIndexOptional,
            dequantScaleXOptional, dequantScaleWDqOptional, dequantScaleWUqQrOptional, dequantScaleWDkvKrOptional,
            quantScaleCkvOptional, quantScaleCkrOptional, smoothScalesCqOptional, actualSeqLenOptional,
            kNopeClipAlphaOptional, rmsnormEpsilonCq, rmsnormEpsilonCkv, cacheModeOptional, weightQuantMode,
            kvCacheQuantMode, queryQuantMode, ckvkrRepoMode, quantScaleRepoMode, tileSize, qcQrScale, kcScale,
            queryOut, queryRopeOut, dequantScaleQNopeOutOptional, queryNormOutOptional,
            dequantScaleQNormOutOptional, workspaceSize, executor);
}
