using System.Runtime.InteropServices;
using Glm5.Core.Sampling;

namespace Glm5.Core.Accelerator;

/// <summary>The definitions of routing, experts and sampling.</summary>
public abstract partial class StepOps
{
    /// <summary>Kept from the chosen scores' sum when it vanishes (spec 3.3).</summary>
    private const float RouteEpsilon = 1e-20f;

    private float[] _hostLogits = [];

    /// <summary>Definition of <see cref="Route"/>. A token whose scores are no numbers goes to experts that exist, at weights
    /// that are no numbers either: it spoils its own sequence and nobody else's.</summary>
    protected virtual Routes RouteCore(MoeWeights weights, Tensor x)
    {
        long tokens = x[0];
        Tensor experts = Arena.Take(ElementType.I32, tokens, weights.ExpertsPerToken);
        Tensor chosen = Arena.Take(ElementType.F32, tokens, weights.ExpertsPerToken);
        using ActivationArena.Scope scope = Arena.Open();
        Tensor scores = Arena.Take(ElementType.F32, tokens, weights.Router.Rows);
        Tensor biased = Arena.Take(ElementType.F32, tokens, weights.Router.Rows);
        MatMul(x, weights.Router, scores);
        Sigmoid(scores, scores);
        Add(scores, weights.CorrectionBias.AsVector(), biased);
        TopK(biased, experts);
        FillChoices(experts);
        GatherColumns(scores, experts, chosen);
        if (weights.Normalize)
            NormalizeRows(chosen, RouteEpsilon, weights.ScalingFactor);
        else
            Scale(chosen, weights.ScalingFactor, chosen);
        return new Routes(experts, chosen);
    }

    /// <summary>Definition of <see cref="RunExperts"/>.</summary>
    protected virtual void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        Tensor sum = WholeSum(into);
        RunRouted(weights, x, routes, sum);
        if (weights.Shared is { } shared)
            AddMlp(shared, x, sum);
    }

    /// <summary>
    /// Σ weight · expert(x) over the chosen experts that the rank holds, or over its slices of all chosen ones, into
    /// [tokens, hidden].
    /// </summary>
    protected void RunRouted(MoeWeights weights, Tensor x, Routes routes, Tensor into)
    {
        long tokens = x[0], pairs = tokens * weights.ExpertsPerToken, hidden = into[1];
        using ActivationArena.Scope scope = Arena.Open();
        Tensor tokenOf = Arena.Take(ElementType.I32, pairs), sortedRow = Arena.Take(ElementType.I32, pairs);
        Tensor offsets = Arena.Take(ElementType.I32, weights.Router.Rows + 1);
        GroupByExpert(routes.Experts, tokenOf, sortedRow, offsets);

        Tensor rows = Arena.Take(x.Type, pairs, x[1]), results = Arena.Take(x.Type, pairs, hidden);
        GatherRows(x, tokenOf, rows);
        if (weights.Held is { } held)
        {
            // Rows of experts elsewhere stay as they are here: nothing.
            offsets = offsets.Slice(held.First, held.Count + 1);
            Fill(results, 0);
        }

        Tensor gateUp = Arena.Take(x.Type, pairs, weights.Experts.GateUp.Rows);
        Tensor inner = Arena.Take(x.Type, pairs, weights.Experts.Down.Columns);
        MatMulPerExpert(rows, weights.Experts.GateUp, offsets, gateUp);
        SiluMul(gateUp, inner);
        MatMulPerExpert(inner, weights.Experts.Down, offsets, results);

        Tensor perPair = Arena.Take(x.Type, pairs, hidden);
        GatherRows(results, sortedRow, perPair);
        Mul(perPair, routes.Weights.As(pairs, 1), perPair);
        ReduceSum(perPair.As(tokens, weights.ExpertsPerToken, hidden), into);
    }

    /// <summary>sum [tokens, hidden] += network(x).</summary>
    protected void AddMlp(MlpWeights weights, Tensor x, Tensor sum)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor result = Arena.Take(sum.Type, sum[0], sum[1]);
        RunMlp(weights, x, result);
        Add(sum, result, sum);
    }

    /// <summary>down(silu(gate · x) · up · x) into [tokens, hidden].</summary>
    protected void RunMlp(MlpWeights weights, Tensor x, Tensor into)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor gateUp = Arena.Take(x.Type, x[0], weights.GateUp.Rows);
        Tensor inner = Arena.Take(x.Type, x[0], weights.Down.Columns);
        MatMul(x, weights.GateUp, gateUp);
        SiluMul(gateUp, inner);
        MatMul(inner, weights.Down, into);
    }

    /// <summary>Definition of <see cref="Sample"/>: argmax on the device, anything else on the host.</summary>
    protected virtual void SampleCore(Tensor logits, SampleBatch batch) => VerifyCore(logits, batch);

    /// <summary>Definition of <see cref="Verify"/>.</summary>
    protected virtual void VerifyCore(Tensor logits, SampleBatch batch)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor best = Arena.Take(ElementType.I32, batch.Rows);
        ArgMax(logits, best);
        Span<int> argMax = stackalloc int[1];
        for (int sequence = 0; sequence < batch.Count; sequence++)
        {
            SequenceSampler sampler = batch.Samplers[sequence];
            int first = batch.FirstRow[sequence], row = first;
            while (true)
            {
                batch.Tokens[row] = sampler.IsPlainArgMax && sampler.Allows(ReadInt(best, row, argMax))
                    ? new SampledToken(argMax[0], float.NaN, null)
                    : sampler.Choose(DownloadRow(logits, row));
                sampler.Accept(batch.Tokens[row].Token);
                if (batch.Drafts[row] != batch.Tokens[row].Token)
                    break;
                row++;
            }

            batch.TokenCount[sequence] = row - first + 1;
        }
    }

    private int ReadInt(Tensor values, int index, Span<int> one)
    {
        Memory.Download(values.Slice(index, 1), MemoryMarshal.AsBytes(one));
        return one[0];
    }

    private Span<float> DownloadRow(Tensor logits, int row)
    {
        if (_hostLogits.Length < logits[1])
            _hostLogits = new float[logits[1]];
        Span<float> host = _hostLogits.AsSpan(0, (int)logits[1]);
        Memory.Download(logits.Slice(row, 1), MemoryMarshal.AsBytes(host));
        return host;
    }
}
