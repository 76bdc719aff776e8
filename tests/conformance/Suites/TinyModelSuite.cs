using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// The whole model against golden data that another implementation computed (tests/data/golden/README.md), in all-F32
/// arithmetic: values within the tolerance stated there, decisions equal.
/// </summary>
public abstract partial class TinyModelSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    /// <summary>Golden README: absolute, on logits and hidden states.</summary>
    private const float LogitTolerance = 5e-4f;

    /// <summary>Golden README: absolute, on router weights.</summary>
    private const float RouteTolerance = 5e-5f;

    private static readonly string[] s_prompts = ["p1", "p7", "p33", "p64", "p130"];

    [TestMethod]
    [DataRow("tiny-dense")]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Logits_are_the_golden_ones(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        foreach (string prompt in s_prompts)
        {
            float[][] logits = model.RunAlone(golden.Prompt(prompt), everyRow: prompt == "p33");
            Near.Rows([golden.Floats($"{prompt}.last_logits")[0]], [logits[^1]], LogitTolerance, $"{prompt}.last_logits");
            if (prompt == "p33")
                Near.Rows(golden.Floats("p33.all_logits"), logits, LogitTolerance, "p33.all_logits");
        }
    }

    [TestMethod]
    [DataRow("tiny-dense")]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Hidden_states_and_attention_are_the_golden_ones(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        int layers = model.Config.LayerCount;
        RecordedTrace p7 = model.Trace(golden.Prompt("p7")), p64 = model.Trace(golden.Prompt("p64"));
        for (int layer = 0; layer <= layers; layer++)
        {
            Near.Rows(golden.Floats($"p7.hidden.{layer}"), p7.Floats(TracePoint.Hidden, layer), LogitTolerance, $"p7.hidden.{layer}");
            Near.Rows(golden.Floats($"p64.hidden.{layer}"), p64.Floats(TracePoint.Hidden, layer), LogitTolerance, $"p64.hidden.{layer}");
        }

        Near.Rows(golden.Floats("p64.final_norm"), p64.Floats(TracePoint.FinalNorm, layers), LogitTolerance, "p64.final_norm");
        for (int layer = 0; layer < layers; layer++)
            Near.Rows(golden.Floats($"p7.attn_out.{layer}"), p7.Floats(TracePoint.AttentionOut, layer), LogitTolerance, $"p7.attn_out.{layer}");
    }

    [TestMethod]
    [DataRow("tiny-dense")]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Selections_are_the_golden_ones(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        foreach (string prompt in (string[])["p64", "p130"])
        {
            RecordedTrace trace = model.Trace(golden.Prompt(prompt));
            for (int layer = 0; layer < model.Config.LayerCount; layer++)
            {
                if (golden.Has($"{prompt}.index_scores.{layer}"))
                    Near.Ragged(golden.Floats($"{prompt}.index_scores.{layer}"), trace.Floats(TracePoint.IndexScores, layer), LogitTolerance, $"{prompt}.index_scores.{layer}");
                if (golden.Has($"{prompt}.topk.{layer}") && golden.Prompt(prompt).Length > model.Config.IndexTopK)
                    Near.Same(golden.Integers($"{prompt}.topk.{layer}"), trace.Integers(TracePoint.Selection, layer), $"{prompt}.topk.{layer}");
            }
        }
    }

    [TestMethod]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Routes_are_the_golden_ones(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        RecordedTrace trace = model.Trace(golden.Prompt("p64"));
        for (int layer = 0; layer < model.Config.LayerCount; layer++)
        {
            if (!golden.Has($"p64.router.{layer}.experts"))
                continue;
            Near.Same(golden.Integers($"p64.router.{layer}.experts"), trace.Integers(TracePoint.RouterExperts, layer), $"p64.router.{layer}.experts");
            Near.Rows(golden.Floats($"p64.router.{layer}.weights"), trace.Floats(TracePoint.RouterWeights, layer), RouteTolerance, $"p64.router.{layer}.weights");
        }
    }

    [TestMethod]
    [DataRow("tiny-dense")]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Greedy_tokens_are_the_golden_ones(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        foreach (string prompt in (string[])["p7", "p33", "p64"])
            CollectionAssert.AreEqual(golden.Greedy(prompt), model.Continue(golden.Prompt(prompt), 24), $"{folder} {prompt}");
    }

    [TestMethod]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void The_draft_layer_is_the_golden_one(string folder)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        var trace = new RecordedTrace(model.Reader);
        model.Fill(golden.Prompt("p33"), everyRow: true);
        (float[][] logits, float[][] hidden) = model.RunDraft(golden.Integers("mtp.p33.input_ids")[0], trace);
        int draft = model.Config.LayerCount;
        Near.Rows(golden.Floats("mtp.p33.eh_proj_out"), trace.Floats(TracePoint.DraftInput, draft), LogitTolerance, "mtp.p33.eh_proj_out");
        Near.Rows(golden.Floats("mtp.p33.block_out"), trace.Floats(TracePoint.DraftOutput, draft), LogitTolerance, "mtp.p33.block_out");
        Near.Same(golden.Integers("mtp.p33.topk"), trace.Integers(TracePoint.Selection, draft), "mtp.p33.topk");
        Near.Rows(golden.Floats("mtp.p33.logits"), logits, LogitTolerance, "mtp.p33.logits");

        int[] chain = golden.Integers("mtp.p33.chain_tokens")[0];
        float[][] chainLogits = golden.Floats("mtp.p33.chain_logits");
        float[] last = logits[^1], state = hidden[^1];
        for (int step = 0; step < chain.Length; step++)
        {
            Near.Rows([chainLogits[step]], [last], LogitTolerance, $"mtp.p33.chain_logits {step}");
            Assert.AreEqual(chain[step], Near.ArgMax(last), $"chained token {step}");
            model.FillOne(position: 33 + step);
            (last, state) = model.ChainDraft(chain[step], state);
        }
    }

    [TestMethod]
    [DataRow("tiny-full", 33)]
    [DataRow("tiny-full", 9)]
    [DataRow("tiny-fp8", 16)]
    public void Drafts_behind_a_step_are_the_golden_chain_however_the_prompt_is_cut(string folder, int chunk)
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        int[] prompt = golden.Prompt("p33"), chain = golden.Integers("mtp.p33.chain_tokens")[0];
        var batch = new SampleBatch(1, 1, draftLength: chain.Length);
        for (int start = 0; start < prompt.Length; start += chunk)
        {
            int end = Math.Min(prompt.Length, start + chunk);
            batch.Clear();
            if (end == prompt.Length)
                batch.Add(SamplerFactory.Always(golden.Integers("mtp.p33.input_ids")[0][^1]), [], room: 1000);
            model.FillPart(prompt, start, end);
            model.RunStep(batch);
        }

        CollectionAssert.AreEqual(chain, batch.NextDrafts(0).ToArray());
    }

    [TestMethod]
    [DataRow("tiny-dense", ElementType.BF16)]
    [DataRow("tiny-full", ElementType.BF16)]
    [DataRow("tiny-fp8", ElementType.F8E4M3)]
    public void Logits_of_equal_choices_are_near_the_references(string folder, ElementType weights)
    {
        var golden = new GoldenData(Repository.Golden(folder));
        using var reference = new ModelUnderTest(TestedBackends.ReferenceOf(Tenant), Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        foreach (string prompt in (string[])["p7", "p33", "p64"])
        {
            var choices = new RecordedTrace(reference.Reader);
            reference.Fill(golden.Prompt(prompt), everyRow: true);
            float[] expected = [.. reference.Run(choices).SelectMany(row => row)];
            model.Fill(golden.Prompt(prompt), everyRow: true);
            float[] got = [.. model.Run(new ForcedTrace(model.Memory, choices)).SelectMany(row => row)];
            StepsSuite.Agree(expected, got, $"logits of {prompt}", Bounds.Model(Tenant.Arithmetic, weights));
        }
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    public void Several_ranks_are_near_one(int ranks)
    {
        using IAccelerator accelerator = OpenOne();
        if (!accelerator.Capabilities.RankCounts.Contains(ranks))
            Assert.Inconclusive($"not run: the backend does not drive {ranks} ranks in one process");
        var golden = new GoldenData(Repository.Golden("tiny-dense"));
        using var one = new ModelUnderTest(Tenant, Repository.Golden("tiny-dense"));
        using var several = new ModelUnderTest(Tenant, Repository.Golden("tiny-dense"), ranks);
        float[] expected = [.. one.RunAlone(golden.Prompt("p7"), everyRow: true).SelectMany(row => row)];
        float[] got = [.. several.RunAlone(golden.Prompt("p7"), everyRow: true).SelectMany(row => row)];
        StepsSuite.Agree(expected, got, $"logits of {ranks} ranks", Bounds.Model(Tenant.Arithmetic, ElementType.BF16));
    }

    [TestMethod]
    public void Weights_of_8_bit_integers_give_the_references_logits()
    {
        NeedsF32();
        var golden = new GoldenData(Repository.Golden("tiny-full"));
        using var checkpoint = new QuantisedCheckpoint(Repository.Golden("tiny-full"));
        using var reference = new ModelUnderTest(TestedBackends.ReferenceOf(Tenant), checkpoint.Folder);
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder);
        float[][] expected = reference.RunAlone(golden.Prompt("p33"), everyRow: true);
        Near.Rows(expected, model.RunAlone(golden.Prompt("p33"), everyRow: true), LogitTolerance, "logits of W8A8");
        Assert.IsGreaterThan(
            LogitTolerance, Math.Abs(expected[^1][0] - golden.Floats("p33.last_logits")[0][0]), "quantising changed nothing");
    }

    [TestMethod]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Batched_and_chunked_runs_give_the_bits_of_one_by_one_runs(string folder)
    {
        using IAccelerator accelerator = OpenOne();
        if (!accelerator.Capabilities.BatchInvariant)
            Assert.Inconclusive("not run: the backend does not promise batch invariance");
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        float[][] alone = [.. s_prompts[..4].Select(p => model.RunAlone(golden.Prompt(p))[^1])];
        float[][] together = model.RunTogether([.. s_prompts[..4].Select(golden.Prompt)]);
        float[] chunked = model.RunInChunks(golden.Prompt("p64"), [1, 30, 2, 31]);
        for (int i = 0; i < alone.Length; i++)
            CollectionAssert.AreEqual(alone[i], together[i], $"{s_prompts[i]} in a batch");
        CollectionAssert.AreEqual(alone[3], chunked, "p64 in chunks");
    }

    [TestMethod]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void A_sequence_dropped_and_computed_again_in_other_blocks_goes_on_with_the_same_bits(string folder)
    {
        using IAccelerator accelerator = OpenOne();
        if (!accelerator.Capabilities.BatchInvariant)
            Assert.Inconclusive("not run: the backend does not promise batch invariance");
        var golden = new GoldenData(Repository.Golden(folder));
        using var model = new ModelUnderTest(Tenant, Repository.Golden(folder));
        int[] prompt = golden.Prompt("p33"), tokens = golden.Greedy("p33")[..12];
        float[][] undisturbed = model.Feed(prompt, tokens);
        float[][] preempted = model.Feed(prompt, tokens, dropAt: 5, others: golden.Prompt("p64"));
        for (int i = 0; i < undisturbed.Length; i++)
            CollectionAssert.AreEqual(undisturbed[i], preempted[i], $"logits after {i} tokens");
    }

    [TestMethod]
    [DataRow("tiny-full", 2)]
    [DataRow("tiny-full", 4)]
    [DataRow("tiny-moe", 2)]
    [DataRow("tiny-fp8", 2)]
    public void Several_ranks_give_the_bits_of_one(string folder, int ranks)
    {
        using IAccelerator accelerator = OpenOne();
        if (!accelerator.Capabilities.RankInvariant || !accelerator.Capabilities.RankCounts.Contains(ranks))
            Assert.Inconclusive($"not run: the backend does not promise the same bits over {ranks} ranks");
        var golden = new GoldenData(Repository.Golden(folder));
        using var one = new ModelUnderTest(Tenant, Repository.Golden(folder));
        using var several = new ModelUnderTest(Tenant, Repository.Golden(folder), ranks);
        foreach (string prompt in (string[])["p33", "p64"])
        {
            float[][] expected = one.RunAlone(golden.Prompt(prompt), everyRow: true);
            float[][] got = several.RunAlone(golden.Prompt(prompt), everyRow: true);
            for (int row = 0; row < expected.Length; row++)
                CollectionAssert.AreEqual(expected[row], got[row], $"{prompt} row {row}");
        }
    }

    /// <summary>Eight heads of tiny-full's widths, and eight with the head, latent and index widths of GLM-5.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void One_two_four_and_eight_ranks_give_the_same_bits(bool isWide)
    {
        using IAccelerator accelerator = OpenOne();
        if (!accelerator.Capabilities.RankInvariant)
            Assert.Inconclusive("not run: the backend does not promise the same bits over several ranks");
        using SeededCheckpoint checkpoint = isWide ? SeededCheckpoint.WideHeads() : new SeededCheckpoint(51, ("num_attention_heads", 8));
        int[] prompt = [.. Enumerable.Range(0, isWide ? 20 : 40).Select(i => (i * 37) % 101)];
        float[][] expected = Logits(checkpoint, 1, prompt);
        Assert.IsTrue(expected.All(row => Array.TrueForAll(row, float.IsFinite)));
        foreach (int ranks in accelerator.Capabilities.RankCounts.Where(count => count is > 1 and <= 8))
        {
            float[][] got = Logits(checkpoint, ranks, prompt);
            for (int row = 0; row < expected.Length; row++)
                CollectionAssert.AreEqual(expected[row], got[row], $"{ranks} ranks, row {row}");
        }
    }

    private float[][] Logits(SeededCheckpoint checkpoint, int ranks, int[] prompt)
    {
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder, ranks);
        return model.RunAlone(prompt, everyRow: true);
    }
}
