using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>The fusions this backend has.</summary>
internal enum Fusion
{
    AddNorm,
    PerHead,
    Gate,
    Experts,
    Latents,
    Indexer,
    SparseAttention,
    TiledProducts,
    TiledCodes,
    TiledExperts,
    Prologue,
}

/// <summary>Which fusions this CANN has, and the reason for each that it lacks.</summary>
internal sealed class Fusions
{
    /// <summary>In the order of <see cref="Fusion"/>: what is fused, by which operators.</summary>
    private static readonly (Fusion Fusion, string Operation, AclnnOp[] Operators)[] s_all =
    [
        (Fusion.AddNorm, "ReduceAddNorm", [AclnnOp.AddRmsNorm]),
        (Fusion.PerHead, "MatMulPerHead", [AclnnOp.TransposeBatchMatMul]),
        (Fusion.Gate, "Route", [AclnnOp.MoeGatingTopK]),
        (Fusion.Experts, "RunExperts", [AclnnOp.MoeInitRoutingV2, AclnnOp.MoeFinalizeRoutingV2]),
        (Fusion.Latents, "MlaPrologue", [AclnnOp.InterleaveRope, AclnnOp.KvRmsNormRopeCache]),
        (Fusion.Indexer, "SelectTokens", [AclnnOp.LightningIndexer]),
        (Fusion.SparseAttention, "SparseAttend", [AclnnOp.SparseFlashAttention]),
        (Fusion.TiledProducts, "MatMul", [AclnnOp.MatmulWeightNz]),
        (Fusion.TiledCodes, "MatMul", [AclnnOp.QuantMatmulWeightNz]),
        (Fusion.TiledExperts, "RunExperts", [AclnnOp.GroupedMatmulSwigluQuantWeightNzV2]),
        (Fusion.Prologue, "MlaPrologue", [AclnnOp.MlaPrologV3WeightNz]),
    ];

    private readonly string?[] _missing = new string?[s_all.Length];

    /// <summary>Looks the operators up.</summary>
    public Fusions(AclnnOperators operators, CannVersion version)
    {
        foreach ((Fusion fusion, _, AclnnOp[] needed) in s_all)
        {
            foreach (AclnnOp op in needed)
                _missing[(int)fusion] ??= operators.Missing(op);
        }

        // A weight lies one way: in tiles only where every product that may meet it takes them.
        foreach (Fusion tiled in (ReadOnlySpan<Fusion>)[Fusion.TiledProducts, Fusion.TiledCodes, Fusion.TiledExperts])
            _missing[(int)tiled] ??= operators.Missing(AclnnOp.GroupedMatmulWeightNz);
        if (!version.IsAtLeast(9, 1))
            _missing[(int)Fusion.Prologue] ??= $"aclnnMlaPrologV3WeightNz takes a query latent of 2048 from CANN 9.1, this is {version}";
        _missing[(int)Fusion.Prologue] ??= _missing[(int)Fusion.SparseAttention] ?? _missing[(int)Fusion.TiledProducts] ?? _missing[(int)Fusion.TiledCodes];

        // Turned keys lie in the cache as the operators exchange them: who writes them so needs who reads them so.
        _missing[(int)Fusion.SparseAttention] ??= _missing[(int)Fusion.Latents];
    }

    /// <summary>True when the operators are there.</summary>
    public bool Has(Fusion fusion) => _missing[(int)fusion] is null;

    /// <summary>Which operator of a fusion is not there, in words; null when all are.</summary>
    public string? Missing(Fusion fusion) => _missing[(int)fusion];

    /// <summary>The operators of a fusion.</summary>
    public static IReadOnlyList<AclnnOp> OperatorsOf(Fusion fusion) => s_all[(int)fusion].Operators;

    /// <summary>Every fusion with the reason why it is composed instead, for people.</summary>
    public IReadOnlyList<FusionVerdict> Verdicts()
    {
        var verdicts = new FusionVerdict[s_all.Length];
        foreach ((Fusion fusion, string operation, AclnnOp[] needed) in s_all)
        {
            string kernels = string.Join(", ", Array.ConvertAll(needed, op => $"aclnn{op}"));
            verdicts[(int)fusion] = new FusionVerdict(operation, kernels, _missing[(int)fusion]);
        }

        return verdicts;
    }
}
