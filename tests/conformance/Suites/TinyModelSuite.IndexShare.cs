using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// Layers and drafts that share a selection (specification 4.5): no golden data has them, so they are held against the
/// reference backend, against each other, and against chains whose selection is put there by hand.
/// </summary>
public abstract partial class TinyModelSuite
{
    private const int LongPrompt = 90;

    private static readonly int[] s_longPrompt = [.. Enumerable.Range(0, LongPrompt).Select(i => (i * 37) % 101)];

    [TestMethod]
    public void Layers_without_an_indexer_attend_to_what_the_last_one_with_one_chose()
    {
        NeedsF32();
        using SeededCheckpoint checkpoint = Sharing("indexer_types", "full", "shared", "shared", "full", "shared", "full");
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder);
        using var reference = new ModelUnderTest(TestedBackends.ReferenceOf(Tenant), checkpoint.Folder);
        RecordedTrace got = model.Trace(s_longPrompt), expected = reference.Trace(s_longPrompt);
        foreach (int layer in (int[])[1, 2, 4])
            Assert.IsEmpty(got.Integers(TracePoint.Selection, layer), $"layer {layer} chooses for itself");
        if (Tenant.Arithmetic != Arithmetic.F32)
        {
            AgreesOnEqualChoices(model, reference);
            return;
        }

        foreach (int layer in (int[])[0, 3, 5])
            Near.Same(expected.Integers(TracePoint.Selection, layer), got.Integers(TracePoint.Selection, layer), $"layer {layer}");
        Near.Rows(
            reference.RunAlone(s_longPrompt, everyRow: true), model.RunAlone(s_longPrompt, everyRow: true), LogitTolerance, "logits");
    }

    /// <summary>Coarser arithmetic chooses otherwise among near scores: the reference's choices are forced on it.</summary>
    private void AgreesOnEqualChoices(ModelUnderTest model, ModelUnderTest reference)
    {
        var choices = new RecordedTrace(reference.Reader);
        reference.Fill(s_longPrompt, everyRow: true);
        float[] expected = [.. reference.Run(choices).SelectMany(row => row)];
        model.Fill(s_longPrompt, everyRow: true);
        float[] got = [.. model.Run(new ForcedTrace(model.Memory, choices)).SelectMany(row => row)];
        StepsSuite.Agree(expected, got, "logits", Bounds.Model(Tenant.Arithmetic, ElementType.BF16));
    }

    [TestMethod]
    public void A_pattern_and_a_frequency_say_the_same_as_a_list_of_layers()
    {
        using SeededCheckpoint listed = Sharing("indexer_types", "full", "shared", "full", "shared", "full", "shared");
        using var pattern = new SeededCheckpoint(71, ("index_topk_pattern", "FSFSFS"));
        using var frequency = new SeededCheckpoint(71, ("index_topk_freq", 2), ("index_skip_topk_offset", 1));
        float[][] expected = Logits(listed, 1, s_longPrompt);
        foreach (SeededCheckpoint other in (SeededCheckpoint[])[pattern, frequency])
        {
            float[][] got = Logits(other, 1, s_longPrompt);
            for (int row = 0; row < expected.Length; row++)
                CollectionAssert.AreEqual(expected[row], got[row], $"row {row}");
        }
    }

    [TestMethod]
    public void Shared_selections_have_the_same_bits_over_ranks_and_in_chunks()
    {
        using IAccelerator accelerator = OpenOne();
        if (accelerator.Capabilities is not { RankInvariant: true, BatchInvariant: true })
            Assert.Inconclusive("not run: the backend does not promise the same bits over ranks and chunks");
        using SeededCheckpoint checkpoint = Sharing("indexer_types", "full", "shared", "full", "shared", "shared", "full");
        float[][] expected = Logits(checkpoint, 1, s_longPrompt), over = Logits(checkpoint, 2, s_longPrompt);
        for (int row = 0; row < expected.Length; row++)
            CollectionAssert.AreEqual(expected[row], over[row], $"row {row} over two ranks");
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder);
        CollectionAssert.AreEqual(expected[^1], model.RunInChunks(s_longPrompt, [1, 40, 2, LongPrompt - 43]), "in chunks");
    }

    [TestMethod]
    [DataRow(LongPrompt, DisplayName = "beyond index_topk")]
    [DataRow(31, DisplayName = "growing beyond index_topk")]
    [DataRow(12, DisplayName = "within index_topk")]
    public void Chained_drafts_attend_to_what_the_first_of_them_chose(int length)
    {
        const int Drafts = 4, First = 7;
        int[] prompt = s_longPrompt[..length];
        using var checkpoint = new SeededCheckpoint(72, ("index_share_for_mtp_iteration", true));
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder);
        var batch = new SampleBatch(1, 1, Drafts);
        batch.Add(SamplerFactory.Always(First), [], room: 1000);
        model.Fill(prompt);
        model.RunStep(batch);
        CollectionAssert.AreEqual(ChainByHand(checkpoint, prompt, First, Drafts), batch.NextDrafts(0).ToArray());
    }

    /// <summary>
    /// Drafts one after another by a layer that chooses each time, and whose choice is replaced by the first one's.
    /// </summary>
    private int[] ChainByHand(SeededCheckpoint checkpoint, int[] prompt, int first, int count)
    {
        using var model = new ModelUnderTest(Tenant, checkpoint.Folder);
        var trace = new RecordedTrace(model.Reader);
        model.Fill(prompt);
        (float[][] logits, float[][] hidden) = model.RunDraft([.. prompt[1..], first], trace);
        int[][] chosen = trace.Integers(TracePoint.Selection, model.Config.LayerCount);
        int topK = model.Config.IndexTopK;
        int[] everything = [.. Enumerable.Range(0, topK).Select(p => p < prompt.Length ? p : -1)];
        var forced = new ForcedSelection(model.Memory, model.Config.LayerCount, chosen.Length > 0 ? chosen[^1] : everything);
        float[] last = logits[^1], state = hidden[^1];
        var drafts = new List<int>();
        for (int step = 0; step < count; step++)
        {
            drafts.Add(Near.ArgMax(last));
            model.FillOne(prompt.Length + step);
            (last, state) = model.ChainDraft(drafts[^1], state, prompt.Length + step >= topK ? forced : null);
        }

        if (prompt.Length > topK)
            Assert.IsTrue(forced.Differed, "the draft layer chose the same again: the test shows nothing");
        return [.. drafts];
    }

    private static SeededCheckpoint Sharing(string key, params string[] kinds) =>
        new(71, (key, new JsonArray([.. kinds.Select(kind => JsonValue.Create(kind))])));

    /// <summary>Replaces what a layer chose.</summary>
    private sealed class ForcedSelection(DeviceMemory memory, int layer, int[] positions) : StepTrace
    {
        public bool Differed { get; private set; }

        public override void Record(TracePoint point, int layer, Tensor value)
        {
        }

        public override bool InjectSelection(int at, Tensor own)
        {
            if (at != layer)
                return false;
            int[] chosen = new DeviceMemoryReader(memory).Read<int>(own);
            Differed |= !chosen.AsSpan().SequenceEqual(positions);
            memory.Upload(MemoryMarshal.AsBytes(positions.AsSpan()), own);
            return true;
        }
    }
}
