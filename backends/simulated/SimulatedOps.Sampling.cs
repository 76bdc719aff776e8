using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Backends.Simulated;

/// <summary>Choosing tokens: costs a pass over the logits, and takes the token that is due.</summary>
internal sealed partial class SimulatedOps
{
    /// <inheritdoc/>
    protected override void VerifyCore(Tensor logits, SampleBatch batch)
    {
        clock.Kernel(KernelKind.Vocabulary, (double)logits.Count * sizeof(float));
        for (int sequence = 0; sequence < batch.Count; sequence++)
        {
            SequenceSampler sampler = batch.Samplers[sequence];
            int first = batch.FirstRow[sequence], row = first;
            while (true)
            {
                SampleKey key = sampler.NextKey;
                int token = TokenSource.At(key, (int)logits[1], sampler);
                batch.Tokens[row] = new SampledToken(token, float.NaN, null);
                sampler.Accept(token);
                if (batch.Drafts[row] < 0 || !tokens.Accepts(key, row - first))
                    break;
                row++;
            }

            batch.TokenCount[sequence] = row - first + 1;
        }
    }
}
