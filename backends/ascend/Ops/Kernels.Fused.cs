using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Fusions of a layer's steps. All views are dense; shapes are the operators' own.</summary>
internal sealed unsafe partial class Kernels
{
    /// <summary>"Every token": the only window that the sparse operators take.</summary>
    private const long NoWindow = long.MaxValue;

    /// <summary>sum = a + b, normed = RmsNorm(sum): [rows, width].</summary>
    public void AddRmsNorm(in View a, in View b, in View weight, double epsilon, in View normed, in View sum)
    {
        View scale = Temporary(AclDataType.Float, a[0], 1);
        if (call.Begin(AclnnOp.AddRmsNorm).Take(a).Take(b).Take(weight).Take(epsilon).Take(normed).Take(scale).Take(sum).IsNew())
        {
            call.Plan(_cann.AddRmsNorm(
                call[0], call[1], call[2], epsilon, call[3], call[4], call[5], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// The k largest of sigmoid(logits) + bias of each row, best first: their ids, and their sigmoids normalised and scaled.
    /// </summary>
    public void Gate(in View logits, in View bias, double factor, double epsilon, in View weights, in View experts)
    {
        const long OneGroup = 1, ByMaximum = 0, Unused = 0, Sigmoid = 1;
        View normalised = TemporaryLike(logits, AclDataType.Float);
        bool isNew = call.Begin(AclnnOp.MoeGatingTopK).Take(logits).Take(bias).Take(factor).Take(epsilon)
            .Take(weights).Take(experts).Take(normalised).IsNew();
        if (isNew)
        {
            call.Plan(_cann.MoeGatingTopK(
                call[0], call[1], weights[1], OneGroup, OneGroup, ByMaximum, Unused, Sigmoid, false, factor, epsilon,
                call[2], call[3], call[4], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// Rows of x [tokens, width] in the order of their experts, one a pair: rows [pairs, width], the sorted row of each pair
    /// (token · k + choice), and the end of each expert's rows [experts] I32.
    /// </summary>
    public void Expand(in View x, in View experts, in View rows, in View sortedRow, in View ends)
    {
        const long All = 0, NoCapacity = 0, DropsNothing = 0, RunningCount = 1;
        bool isNew = call.Begin(AclnnOp.MoeInitRoutingV2).Take(x).Take(experts).Take(ends[0])
            .Take(rows).Take(sortedRow).Take(ends).Take(default(View)).IsNew();
        if (isNew)
        {
            call.Plan(_cann.MoeInitRoutingV2(
                call[0], call[1], All, NoCapacity, ends[0], DropsNothing, RunningCount, false, call[2], call[3], call[4],
                null, call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>into[t] = Σ over choices of weights[t, c] · rows[sortedRow[t · k + c]].</summary>
    public void Combine(in View rows, in View sortedRow, in View weights, in View into)
    {
        const long RowByRow = 2;
        bool isNew = call.Begin(AclnnOp.MoeFinalizeRoutingV2).Take(rows).Take(sortedRow).Take(default(View)).Take(default(View))
            .Take(default(View)).Take(weights).Take(default(View)).Take(into).IsNew();
        if (isNew)
        {
            call.Plan(_cann.MoeFinalizeRoutingV2(
                call[0], call[1], null, null, null, call[5], null, RowByRow, call[7], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// Turns pairs (2i, 2i+1) of x [tokens, heads, 1, 64]; into has all first parts, then all second ones.
    /// </summary>
    public void InterleaveRope(in View x, in View cos, in View sin, in View into)
    {
        if (call.Begin(AclnnOp.InterleaveRope).Take(x).Take(cos).Take(sin).Take(into).IsNew())
            call.Plan(_cann.InterleaveRope(call[0], call[1], call[2], call[3], call.Size, call.Executor));
        call.Run();
    }

    /// <summary>
    /// Norms and turns rows [tokens, 1, 1, latent + rope] and writes both parts to slots [tokens] I64 of the caches
    /// [blocks, slots, 1, width]; turned parts as <see cref="InterleaveRope"/> leaves them.
    /// </summary>
    public void WriteLatents(
        in View rows, in View weight, in View cos, in View sin, in View slots, in View keys, in View latents, double epsilon)
    {
        View none = default, turned = Temporary(rows.Type, rows[0], 1, 1, keys[3]), normed = Temporary(rows.Type, rows[0], 1, 1, latents[3]);
        bool isNew = call.Begin(AclnnOp.KvRmsNormRopeCache).Take(rows).Take(weight).Take(cos).Take(sin).Take(slots)
            .Take(keys).Take(latents).Take(none).Take(none).Take(none).Take(none).Take(epsilon).Take(turned).Take(normed).IsNew();
        if (isNew)
        {
            call.Plan(_cann.KvRmsNormRopeCache(
                call[0], call[1], call[2], call[3], call[4], call[5], call[6], null, null, null, null, epsilon,
                Text("PA_BNSD"u8), false, call[11], call[12], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// The positions of the k = into[2] largest Σ_h weights[t, h] · relu(query[t, h] · key) that each token may see, −1
    /// behind them: query [tokens, heads, 128], keys paged, into [tokens, 1, k] I32.
    /// </summary>
    public void SelectPositions(
        in View query, in View keys, in View weights, in View queryEnds, in View contextLengths, in View blocks, in View into)
    {
        const long Causal = 3;
        View values = TemporaryLike(into, query.Type);
        bool isNew = call.Begin(AclnnOp.LightningIndexer).Take(query).Take(keys).Take(weights).Take(queryEnds)
            .Take(contextLengths).Take(blocks).Take(into).Take(values).IsNew();
        if (isNew)
        {
            call.Plan(_cann.LightningIndexer(
                call[0], call[1], call[2], call[3], call[4], call[5], Text("TND"u8), Text("PA_BSND"u8), into[2], Causal,
                NoWindow, NoWindow, false, call[6], call[7], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// Absorbed attention over chosen positions [tokens, 1, k] I32, −1 at the end of a row: query and into
    /// [tokens, heads, 512], rope [tokens, heads, 64], caches paged.
    /// </summary>
    public void AttendChosen(
        in View query, in View rope, in View latents, in View keys, in View chosen, in View queryEnds, in View contextLengths,
        in View blocks, double scale, in View into)
    {
        const long TokenByToken = 1, Causal = 3, Absorbed = 2;
        View largest = Temporary(AclDataType.Float, 1, query[0], query[1]), sums = Temporary(AclDataType.Float, 1, query[0], query[1]);
        bool isNew = call.Begin(AclnnOp.SparseFlashAttention).Take(query).Take(latents).Take(latents).Take(chosen).Take(blocks)
            .Take(queryEnds).Take(contextLengths).Take(rope).Take(keys).Take(scale).Take(into).Take(largest).Take(sums).IsNew();
        if (isNew)
        {
            call.Plan(_cann.SparseFlashAttention(
                call[0], call[1], call[2], call[3], call[4], call[5], call[6], call[7], call[8], scale, TokenByToken,
                Text("TND"u8), Text("PA_BSND"u8), Causal, NoWindow, NoWindow, Absorbed, false, call[9], call[10], call[11],
                call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>
    /// into[t, h] = x[t, h] · matrix h: x [tokens, heads, k], matrices [heads, k, n], or [heads, n, k] when
    /// <paramref name="transposed"/>; into [tokens, heads, n].
    /// </summary>
    public void ProductPerHead(in View x, in View matrices, bool transposed, in View into)
    {
        if (call.Begin(AclnnOp.TransposeBatchMatMul).Take(x).Take(matrices).Take(default(View)).Take(default(View)).Take(transposed ? 1L : 0).Take(into).IsNew())
        {
            call.Plan(_cann.TransposeBatchMatMul(
                call[0], call[1], null, null, call.Integers([1, 0, 2]), call.Integers(transposed ? [0, 2, 1] : [0, 1, 2]),
                call.Integers([1, 0, 2]), KeepType, 1, call[4], call.Size, call.Executor));
        }

        call.Run();
    }

    /// <summary>A literal as C text: literals lie in the program and end with a zero byte.</summary>
    private static byte* Text(ReadOnlySpan<byte> literal) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));
}
