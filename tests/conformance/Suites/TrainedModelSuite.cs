using System.Text.Json;
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
            int[] prompt = Ints(example, "prompt_ids"), output = Ints(example, "output_ids"), drafts = Ints(example, "mtp_drafts");
            (int[] tokens, int[] guesses) = Run(model, prompt, output);
            string name = example.GetProperty("name").GetString()!;
            CollectionAssert.AreEqual(output, tokens, $"{name}: tokens");
            CollectionAssert.AreEqual(drafts, guesses[..drafts.Length], $"{name}: drafts");
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
