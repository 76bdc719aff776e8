namespace Glm5.Backends.Ascend.Ops;

/// <summary>The weights of aclnnMlaPrologV3WeightNz.</summary>
/// <param name="QueryDown">To the query's latent, in tiles.</param>
/// <param name="QueryUp">From it to the heads, each not rotated then rotated, in tiles.</param>
/// <param name="KeyUp">[heads, nope, latent] BF16: what absorbs keys into queries.</param>
/// <param name="LatentDown">To the latent and the rotated key, in tiles.</param>
/// <param name="QueryNorm">[query latent] BF16.</param>
/// <param name="LatentNorm">[latent] BF16.</param>
/// <param name="Epsilon">Of both norms.</param>
internal readonly record struct PrologueWeights(
    AscendPackedWeight QueryDown, AscendPackedWeight QueryUp, View KeyUp, AscendPackedWeight LatentDown, View QueryNorm,
    View LatentNorm, double Epsilon);
