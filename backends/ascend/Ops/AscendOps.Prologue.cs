using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>What comes before attention in one operator: queries, the latents, both caches.</summary>
internal sealed partial class AscendOps
{
    /// <summary>
    /// Whether the widths are those that aclnnMlaPrologV3WeightNz takes (its page), and its three weights lie in tiles, in
    /// one type.
    /// </summary>
    private bool FitsPrologue(AttentionWeights weights, long hidden, AscendKvStore store)
    {
        AttentionDims d = weights.Dims;
        AscendPackedWeight down = Of(weights.QueryDown), up = Of(weights.QueryUp), latents = Of(weights.LatentDown);
        return _fusions.Has(Fusion.Prologue) && store.KeysInHalves
            && hidden is 1024 or 2048 or 3072 or 4096 or 5120 or 6144 or 7168 or 7680 or 8192
            && d is { QueryLatent: 1536 or 2048, Nope: 128 or 192, Latent: 512, Rope: RopeWidth, Heads: >= 1 and <= 128 }
            && (d.Heads & (d.Heads - 1)) == 0
            && down.IsTiled && up.IsTiled && latents.IsTiled && down.Type == up.Type && up.Type == latents.Type;
    }

    private MlaQuery Prologue(AttentionWeights weights, Tensor x, AscendStepPlan step, AscendKvStore store)
    {
        AttentionDims d = weights.Dims;
        long tokens = x[0];
        Tensor latent = Arena.Take(ElementType.F32, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(ElementType.F32, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope scope = OpenScratch();
        (View cos, View sin) = TwiceEach(step, d.Theta, AclDataType.BFloat16);
        View slots = Kernels.Temporary(AclDataType.Int64, tokens);
        Kernels.Cast(View.Of(step.Slots), slots);
        View query = Kernels.Temporary(AclDataType.BFloat16, tokens, d.Heads, d.Latent);
        View turned = Kernels.Temporary(AclDataType.BFloat16, tokens, d.Heads, d.Rope);
        var parts = new PrologueWeights(
            Of(weights.QueryDown), Of(weights.QueryUp), Of(weights.KeyUp).Matrices, Of(weights.LatentDown),
            Kernels.DenseAs(Of(weights.QueryNorm).Vector, AclDataType.BFloat16),
            Kernels.DenseAs(Of(weights.LatentNorm).Vector, AclDataType.BFloat16), d.Epsilon);
        (View normed, View normedScales) = Kernels.Prologue(
            Kernels.DenseAs(View.Of(x), AclDataType.BFloat16), parts, sin.As(tokens, RopeWidth), cos.As(tokens, RopeWidth),
            store.Latents(weights.Layer), store.RotatedKeys(weights.Layer), slots, query, turned);
        Kernels.Cast(normed, View.Of(latent));
        if (normed.Type == AclDataType.Int8)
            Kernels.Multiply(View.Of(latent), normedScales, View.Of(latent));
        Kernels.Cast(query, View.Of(absorbed));
        RopeLayout.ToPairs(Kernels, turned, View.Of(rotated));
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }
}
