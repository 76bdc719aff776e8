using Glm5.Core.Sampling;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>What a step has chosen, on the step channel.</summary>
internal static class AnswerWire
{
    /// <summary>As it travels.</summary>
    public static Answer Write(SampleBatch batch)
    {
        var answer = new Answer();
        for (int i = 0; i < batch.Count; i++)
        {
            var chosen = new Chosen();
            foreach (ref readonly SampledToken token in batch.Tokens.Slice(batch.FirstRow[i], batch.TokenCount[i]))
                Add(chosen, token);
            foreach (int draft in batch.NextDrafts(i))
                chosen.NextDrafts.Add(draft);
            answer.Chosen.Add(chosen);
        }

        return answer;
    }

    /// <summary>
    /// Fills the server's batch as sampling here would have, and lets its samplers know what was chosen.
    /// </summary>
    /// <exception cref="InvalidDataException">The answer is to another step.</exception>
    public static void Read(Answer answer, SampleBatch batch)
    {
        if (answer.Chosen.Count != batch.Count)
            throw new InvalidDataException($"{batch.Count} sequences wanted a token, {answer.Chosen.Count} got one");
        for (int i = 0; i < batch.Count; i++)
        {
            Chosen chosen = answer.Chosen[i];
            int first = batch.FirstRow[i];
            if (chosen.Tokens.Count < 1 || chosen.Tokens.Count > batch.FirstRow[i + 1] - first)
                throw new InvalidDataException($"a sequence got {chosen.Tokens.Count} tokens in a step");
            int top = 0;
            for (int t = 0; t < chosen.Tokens.Count; t++)
            {
                batch.Tokens[first + t] = new SampledToken(chosen.Tokens[t], chosen.LogProbs[t], Top(chosen, t, ref top));
                batch.Samplers[i].Accept(chosen.Tokens[t]);
            }

            batch.TokenCount[i] = chosen.Tokens.Count;
            foreach (int draft in chosen.NextDrafts)
                batch.AddNextDraft(i, draft);
        }
    }

    private static void Add(Chosen chosen, in SampledToken token)
    {
        chosen.Tokens.Add(token.Token);
        chosen.LogProbs.Add(token.LogProb);
        if (token.Top is not { } top)
            return;
        chosen.TopCounts.Add(top.Length);
        foreach ((int id, float logProb) in top)
        {
            chosen.TopTokens.Add(id);
            chosen.TopLogProbs.Add(logProb);
        }
    }

    private static TokenLogProb[]? Top(Chosen chosen, int token, ref int first)
    {
        if (chosen.TopCounts.Count == 0)
            return null;
        var top = new TokenLogProb[chosen.TopCounts[token]];
        for (int i = 0; i < top.Length; i++)
            top[i] = new TokenLogProb(chosen.TopTokens[first + i], chosen.TopLogProbs[first + i]);
        first += top.Length;
        return top;
    }
}
