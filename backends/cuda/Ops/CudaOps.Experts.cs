using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Routing, experts and the choice of tokens.</summary>
internal sealed partial class CudaOps
{
    private const int RouteThreads = 256;

    private int[] _hostBest = [];
    private float[] _hostRow = [];

    /// <inheritdoc/>
    [Fused("route")]
    protected override Routes RouteCore(MoeWeights weights, Tensor x)
    {
        long tokens = x[0], experts = weights.Router.Rows;
        Tensor ids = Arena.Take(ElementType.I32, tokens, weights.ExpertsPerToken);
        Tensor shares = Arena.Take(ElementType.F32, tokens, weights.ExpertsPerToken);
        using ActivationArena.Scope scope = Arena.Open();
        Tensor logits = Arena.Take(ElementType.F32, tokens, experts);
        MatMulCore(x, weights.Router, logits);
        int shared = checked((int)(2 * experts * sizeof(float)));
        Kernels.Launch(
            Find("choices", "route", shared), new Grid(tokens, 1, 1, RouteThreads, shared),
            logits.Address, Vector(weights.CorrectionBias), experts, weights.ExpertsPerToken, weights.Normalize,
            weights.ScalingFactor, ids.Address, shares.Address);
        return new Routes(ids, shares);
    }

    /// <inheritdoc/>
    [Fused("group_by_expert, gated_*, product_*, tensor_*, combine", When = "of every weight type")]
    protected override void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        Tensor sum = WholeSum(into);
        RunChosen(weights, x, routes, sum);
        if (weights.Shared is not { } shared)
            return;
        if (IsForCublas(Of(shared.GateUp), x[0]))
            AddMlp(shared, x, sum);
        else
            RunGated(shared, x, sum, adds: true);
    }

    private void RunChosen(MoeWeights weights, Tensor x, Routes routes, Tensor sum)
    {
        long tokens = x[0], pairs = tokens * weights.ExpertsPerToken;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor tokenOf = Arena.Take(ElementType.I32, pairs), sortedRow = Arena.Take(ElementType.I32, pairs);
        Tensor offsets = Arena.Take(ElementType.I32, weights.Router.Rows + 1);
        GroupByExpertCore(routes.Experts, tokenOf, sortedRow, offsets);
        if (weights.Held is { } held)
            offsets = offsets.Slice(held.First, held.Count + 1);

        Tensor inner = Arena.Take(ElementType.F32, pairs, weights.Experts.Down.Columns);
        Tensor results = Arena.Take(ElementType.F32, pairs, sum[1]);
        MultiplyStored(
            Of(weights.Experts.GateUp), new Operands { X = x, RowOf = tokenOf, Offsets = offsets, Rows = pairs, Into = inner },
            isGated: true);
        MultiplyStored(
            Of(weights.Experts.Down), new Operands { X = inner, Offsets = offsets, Rows = pairs, Into = results }, isGated: false);
        Kernels.Launch(
            Find("choices", "combine"), Grid.OfElements(sum.Count),
            results.Address, sortedRow.Address, routes.Weights.Address, offsets.Address, offsets.Count - 1,
            weights.ExpertsPerToken, sum.Address, Strides.OfRows(sum), sum[1], sum.Count);
    }

    /// <summary>One copy to the host for all rows; rows are fetched only for what is not the plain argmax.</summary>
    [Fused("arg_max", When = "plain greedy choice; anything else on the host")]
    protected override void VerifyCore(Tensor logits, SampleBatch batch)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor best = Arena.Take(ElementType.I32, batch.Rows);
        ArgMaxCore(logits, best);
        if (_hostBest.Length < batch.Rows)
            _hostBest = new int[batch.Rows];
        Memory.Download(best, MemoryMarshal.AsBytes(_hostBest.AsSpan(0, batch.Rows)));
        for (int sequence = 0; sequence < batch.Count; sequence++)
        {
            SequenceSampler sampler = batch.Samplers[sequence];
            int first = batch.FirstRow[sequence], row = first;
            for (; ; row++)
            {
                batch.Tokens[row] = sampler.IsPlainArgMax && sampler.Allows(_hostBest[row])
                    ? new SampledToken(_hostBest[row], float.NaN, null)
                    : sampler.Choose(Fetched(logits, row));
                sampler.Accept(batch.Tokens[row].Token);
                if (batch.Drafts[row] != batch.Tokens[row].Token)
                    break;
            }

            batch.TokenCount[sequence] = row - first + 1;
        }
    }

    private Span<float> Fetched(Tensor logits, int row)
    {
        if (_hostRow.Length < logits[1])
            _hostRow = new float[logits[1]];
        Span<float> host = _hostRow.AsSpan(0, (int)logits[1]);
        Memory.Download(logits.Slice(row, 1), MemoryMarshal.AsBytes(host));
        return host;
    }
}
