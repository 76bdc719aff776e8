using System.Text.Json;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// glm5-nano, a trained model: its golden prompts continue token by token as its own reference continued them, and the
/// draft layer guesses what it guessed there.
/// </summary>
public abstract class TrainedModelSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    [TestMethod]
    public void Golden_prompts_continue_and_draft_as_they_did()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Nano, "golden.json")));
        using var model = new ModelUnderTest(Tenant, Repository.Nano, maxTokens: 512, blocks: 48);
        foreach (JsonElement example in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            if (Tenant.Arithmetic != Arithmetic.F32)
            {
                IsGreedyUpToATie(model, Ints(example, "prompt_ids"), Ints(example, "output_ids"), example.GetProperty("name").GetString()!);
                continue;
            }

            int[] prompt = Ints(example, "prompt_ids"), output = Ints(example, "output_ids"), drafts = Ints(example, "mtp_drafts");
            (int[] tokens, int[] guesses) = Run(model, prompt, output);
            string name = example.GetProperty("name").GetString()!;
            CollectionAssert.AreEqual(output, tokens, $"{name}: tokens");
            CollectionAssert.AreEqual(drafts, guesses[..drafts.Length], $"{name}: drafts");
        }
    }

    /// <summary>The golden tokens are the best up to the first whose lead is within the arithmetic's bound.</summary>
    private void IsGreedyUpToATie(ModelUnderTest model, int[] prompt, int[] output, string name)
    {
        model.Fill(prompt);
        for (int i = 0; i < output.Length; i++)
        {
            float[] logits = model.Run()[^1];
            int best = Near.ArgMax(logits);
            double room = Bounds.Model(Tenant.Arithmetic, ElementType.BF16) * logits.Max(Math.Abs);
            Assert.IsTrue(
                best == output[i] || logits[best] - logits[output[i]] <= room,
                $"{name}: token {i} is {best} at {logits[best]}, the golden {output[i]} at {logits[output[i]]}, not within {room:G3}");
            if (best != output[i])
                return;
            model.FillOne(prompt.Length + i, output[i]);
        }
    }

    /// <summary>Main model and draft layer side by side: the draft sees each hidden state and the golden token after it.</summary>
    private static (int[] Tokens, int[] Drafts) Run(ModelUnderTest model, int[] prompt, int[] output)
    {
        var (tokens, drafts) = (new int[output.Length], new int[output.Length]);
        model.Fill(prompt);
        for (int i = 0; i < output.Length; i++)
        {
            int[] following = i == 0 ? [.. prompt[1..], output[0]] : [output[i]];
            (float[][] main, float[][] draft) = model.RunMainAndDraft(following);
            tokens[i] = Near.ArgMax(main[^1]);
            drafts[i] = Near.ArgMax(draft[^1]);
            model.FillOne(prompt.Length + i, output[i]);
        }

        return (tokens, drafts);
    }

    private static int[] Ints(JsonElement example, string name) =>
        [.. example.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];
}
