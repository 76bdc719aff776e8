using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>The prologue of latent attention.</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>
    /// From x [tokens, hidden] BF16: query [tokens, heads, latent] and its turned part [tokens, heads, rope], halves as
    /// <see cref="InterleaveRope"/> leaves them, and both caches at slots [tokens] I64. Gives the query's normed latent
    /// [tokens, query latent], in BF16, or as 8-bit integers with scales [tokens, 1] where the weights are such.
    /// </summary>
    public (View Normed, View Scales) Prologue(
        in View x, in PrologueWeights weights, in View sin, in View cos, in View latents, in View keys, in View slots,
        in View query, in View turned)
    {
        const long NoQuantised = 0, FullCodes = 2, UsualTile = 128;
        const double Unscaled = 1;
        bool codes = weights.QueryDown.IsQuantised;
        View none = default, rows = x, rowScales = none, normedScales = none;
        if (codes)
        {
            (rows, rowScales) = QuantiseRows(x);
            rowScales = rowScales.As(x[0], 1);
            normedScales = Temporary(AclDataType.Float, x[0], 1);
        }

        View normed = Temporary(rows.Type, x[0], weights.QueryDown.Rows);
        bool isNew = call.Begin(AclnnOp.MlaPrologV3WeightNz).Take(rows).Take(weights.QueryDown.Tiles).Take(weights.QueryUp.Tiles)
            .Take(weights.KeyUp).Take(weights.LatentDown.Tiles).Take(weights.QueryNorm).Take(weights.LatentNorm).Take(sin)
            .Take(cos).Take(latents).Take(keys).Take(slots).Take(rowScales).Take(ScalesOf(weights.QueryDown))
            .Take(ScalesOf(weights.QueryUp)).Take(ScalesOf(weights.LatentDown)).Take(none).Take(none).Take(none).Take(none)
            .Take(none).Take(weights.Epsilon).Take(query).Take(turned).Take(none).Take(normed).Take(normedScales).IsNew();
        if (isNew)
        {
            call.Plan(_cann.MlaPrologV3WeightNz(
                call[0], call[1], call[2], call[3], call[4], call[5], call[6], call[7], call[8], call[9], call[10], call[11],
                call[12], call[13], call[14], call[15], null, null, null, null, null, weights.Epsilon, weights.Epsilon,
                Text("PA_BSND"u8), codes ? FullCodes : NoQuantised, NoQuantised, NoQuantised, NoQuantised, NoQuantised, UsualTile,
                Unscaled, Unscaled, call[21], call[22], null, call[24], call[25], call.Size, call.Executor));
        }

        call.Run();
        return (normed, normedScales);
    }

    /// <summary>[1, columns]; left out where there are none.</summary>
    private static View ScalesOf(AscendPackedWeight weight) => weight.IsQuantised ? weight.Scales.As(1, weight.Rows) : default;
}
