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
    ];

    private readonly string?[] _missing = new string?[s_all.Length];

    /// <summary>Looks the operators up.</summary>
    public Fusions(AclnnOperators operators)
    {
        foreach ((Fusion fusion, _, AclnnOp[] needed) in s_all)
        {
            foreach (AclnnOp op in needed)
                _missing[(int)fusion] ??= operators.Missing(op);
        }

        // Turned keys lie in the cache as the operators exchange them: who writes them so needs who reads them so.
        _missing[(int)Fusion.SparseAttention] ??= _missing[(int)Fusion.Latents];
    }

    /// <summary>True when the operators are there.</summary>
    public bool Has(Fusion fusion) => _missing[(int)fusion] is null;

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
