using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Planning;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Planning;

/// <summary>GLM-5's true dimensions, from config.json alone, against published sizes (specification, section 5).</summary>
[TestClass]
public sealed class Glm5PlanTests
{
    private const long H200 = 143_771L << 20;

    private static readonly ModelOptions s_options = new()
    {
        Folder = "",
        Ranks = 8,
        MaxSequences = 64,
        MaxBatchedTokens = 512,
        MemoryUtilization = 0.9,
        SpeculativeTokens = 3,
    };

    [TestMethod]
    [DataRow("glm5", 59_870, 1507.73)]
    [DataRow("glm5-fp8", 119_028, 756.16)]
    public void A_config_alone_gives_the_release_to_the_byte(string release, int tensors, double gigabytes)
    {
        using WeightBlueprint blueprint = Blueprint(release);
        Assert.AreEqual(tensors, blueprint.TensorCount);
        Assert.AreEqual(gigabytes, Math.Round(blueprint.TotalBytes / 1e9, 2));
    }

    [TestMethod]
    [DataRow(1, 1, false)]
    [DataRow(8, 1, false)]
    [DataRow(2, 4, true)]
    [DataRow(1, 8, true)]
    public void The_ranks_of_a_layout_hold_every_expert_once(int tensor, int data, bool expert)
    {
        using WeightBlueprint blueprint = Blueprint("glm5");
        var layout = new ParallelLayout(tensor, data, expert);
        long experts = 0, draft = 0;
        for (int rank = 0; rank < layout.Ranks; rank++)
        {
            WeightShare share = WeightShare.Of(blueprint, layout, rank, new ModelMachine(8, H200));
            experts += share.Stored(WeightPart.Experts);
            draft = share.Stored(WeightPart.Draft);
        }

        // 75 layers of 256 experts of 37,748,736 parameters in BF16.
        Assert.AreEqual(75L * 256 * 37_748_736 * 2, experts);
        Assert.IsGreaterThan(256L * 37_748_736 * 2 / layout.Ranks, draft);
    }

    [TestMethod]
    public void Parts_of_one_rank_are_the_published_sizes()
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        WeightShare whole = WeightShare.Of(blueprint, new ParallelLayout(1), 0, new ModelMachine(8, H200));
        Assert.AreEqual(3.806, Gigabytes(whole.Stored(WeightPart.Embedding) + whole.Stored(WeightPart.Head)), 0.001);
        Assert.AreEqual(10.033, Gigabytes(whole.Stored(WeightPart.Draft)), 0.001);
        // Three dense layers of 0.401 GB, of which attention and indexer are 0.175.
        Assert.AreEqual(3 * (0.401 - 0.175), Gigabytes(whole.Stored(WeightPart.Dense)), 0.002);
    }

    [TestMethod]
    public void Cache_bytes_a_token_are_the_published_ones()
    {
        MemoryPlan plan = Plan(8, 8);
        // 62,252 bytes a token with the draft layer, 12.5 GB for the whole context.
        Assert.AreEqual(62_252L * 64, plan.BlockBytes);
        Assert.AreEqual(12.6, Gigabytes(plan.SequenceBytes), 0.05);
    }

    [TestMethod]
    public void Fp8_fits_eight_h200_and_not_four()
    {
        Assert.IsTrue(Plan(8, 8).Fits);
        Assert.IsFalse(Plan(4, 8).Fits);
    }

    [TestMethod]
    public void Bf16_does_not_fit_eight_h200_and_fits_sixteen()
    {
        using WeightBlueprint blueprint = Blueprint("glm5");
        Assert.IsFalse(Planner(blueprint, new ModelMachine(8, H200)).Plan(new ParallelLayout(8)).Fits);
        Assert.IsTrue(Planner(blueprint, new ModelMachine(16, H200)).Plan(new ParallelLayout(16)).Fits);
    }

    [TestMethod]
    public void Groups_of_data_parallel_attention_have_caches_of_their_own()
    {
        MemoryPlan tensor = Plan(8, 8);
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        MemoryPlan data = Planner(blueprint, new ModelMachine(8, H200)).Plan(new ParallelLayout(1, 8, Expert: true));
        Assert.IsGreaterThan(3 * tensor.Tokens, data.Tokens);
        Assert.IsGreaterThan(tensor.WeightBytes, data.WeightBytes);
    }

    [TestMethod]
    public void The_longest_context_is_the_last_that_fits()
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        MemoryPlan plan = Planner(blueprint, new ModelMachine(8, 104L << 30)).Plan(new ParallelLayout(8));
        Assert.IsFalse(plan.Fits);
        Assert.IsTrue(FitsWith(plan.LongestContext));
        Assert.IsFalse(FitsWith(plan.LongestContext + 1));

        bool FitsWith(int context) => new MemoryPlanner(
            blueprint, new ModelMachine(8, 104L << 30), s_options with { MaxModelLength = context }).Plan(new ParallelLayout(8)).Fits;
    }

    [TestMethod]
    public void A_refusal_has_the_numbers_and_the_nearest_layout_that_fits()
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => FitCheck.Require(blueprint, new ModelMachine(8, H200), s_options with { Ranks = 4 }));
        Assert.StartsWith("the model does not fit with TP4 on test device: each rank needs 19", refusal.Message);
        Assert.Contains("GB for weights, ", refusal.Message);
        Assert.Contains("it may take 135.68 GB", refusal.Message);
        Assert.Contains("--tensor-parallel-size 8 would fit, with caches for ", refusal.Message);
    }

    [TestMethod]
    public void A_machine_that_is_too_small_altogether_is_told_so()
    {
        using WeightBlueprint blueprint = Blueprint("glm5");
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => FitCheck.Require(blueprint, new ModelMachine(8, 64L << 30), s_options));
        Assert.Contains("No layout of these devices holds it", refusal.Message);
    }

    [TestMethod]
    public void A_context_that_is_too_long_is_answered_with_the_longest()
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => FitCheck.Require(blueprint, new ModelMachine(8, 118L << 30), s_options with { MaxSequences = 8, MaxBatchedTokens = 8192 }));
        Assert.MatchesRegex("--max-model-len [0-9]+ would fit as it is", refusal.Message);
    }

    [TestMethod]
    public void Layouts_that_do_not_divide_the_model_say_why()
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        MemoryPlanner planner = Planner(blueprint, new ModelMachine(128, H200));
        Assert.IsNull(planner.TryPlan(new ParallelLayout(128), out string? refusal));
        Assert.Contains("64 attention heads do not divide over 128 ranks", refusal!);
    }

    private static MemoryPlan Plan(int ranks, int devices)
    {
        using WeightBlueprint blueprint = Blueprint("glm5-fp8");
        return Planner(blueprint, new ModelMachine(devices, H200)).Plan(new ParallelLayout(ranks));
    }

    private static MemoryPlanner Planner(WeightBlueprint blueprint, ModelMachine machine) => new(blueprint, machine, s_options);

    private static WeightBlueprint Blueprint(string release) =>
        WeightBlueprint.Open(RepositoryFiles.Data(release, "config.json"));

    private static double Gigabytes(long bytes) => bytes / 1e9;
}
