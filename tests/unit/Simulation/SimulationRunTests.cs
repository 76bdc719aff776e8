using Glm5.Core;
using Glm5.Core.Simulation;

namespace Glm5.Tests.Unit.Simulation;

/// <summary>The real engine over simulated devices: what comes out follows from the workload, and time from the devices.</summary>
[TestClass]
public sealed class SimulationRunTests
{
    private static readonly ModelOptions s_tiny = new()
    {
        Folder = RepositoryFiles.Golden("tiny-full"),
        Ranks = 2,
        MaxSequences = 16,
        MaxBatchedTokens = 64,
        MaxModelLength = 128,
        KvBytes = 2 * (1 << 20),
        SkipTokenizer = true,
        AdaptSpeculation = false,
    };

    private static readonly Workload s_workload = new()
    {
        Requests = 40,
        Input = new LengthRange(5, 60),
        Output = new LengthRange(1, 30),
        Concurrency = 8,
    };

    [TestMethod]
    [DataRow(2, 1, false, 0)]
    [DataRow(2, 1, false, 3)]
    [DataRow(2, 1, true, 0)]
    [DataRow(1, 4, true, 0)]
    [DataRow(2, 2, true, 3)]
    public void Every_request_gets_all_of_its_tokens(int ranks, int groups, bool spread, int drafts)
    {
        SimulationResult result = Tiny(s_workload, Layout(ranks, groups, spread) with { SpeculativeTokens = drafts });
        long input = 0, output = 0;
        for (int request = 0; request < s_workload.Requests; request++)
            (input, output) = (input + s_workload.InputLength(request), output + s_workload.OutputLength(request));
        Assert.AreEqual((s_workload.Requests, input, output), (result.Requests, result.InputTokens, result.OutputTokens));
        Assert.IsInRange(1, 8, result.MostRunning);
    }

    [TestMethod]
    [DataRow(2, 1)]
    [DataRow(2, 2)]
    public void The_same_workload_gives_the_same_figures(int ranks, int groups)
    {
        ModelOptions options = Layout(ranks, groups, groups > 1) with { SpeculativeTokens = 3 };
        SimulationResult first = Tiny(s_workload, options), second = Tiny(s_workload, options);
        Assert.AreEqual(first.Seconds, second.Seconds);
        Assert.AreEqual(first.TimeToFirstToken, second.TimeToFirstToken);
        Assert.AreEqual(first.TimePerOutputToken, second.TimePerOutputToken);
        Assert.AreEqual(first.Steps, second.Steps);
        Assert.AreNotEqual(first.Seconds, Tiny(s_workload with { Seed = 2 }, options).Seconds);
    }

    [TestMethod]
    [DataRow(0.0, 1.0)]
    [DataRow(0.5, 1.875)]
    [DataRow(1.0, 4.0)]
    public void A_step_gains_what_the_acceptance_says(double acceptance, double expected)
    {
        Workload workload = s_workload with { Requests = 60, Input = new LengthRange(8, 8), Output = new LengthRange(100, 100) };
        SimulationResult result = Simulated.Run(
            workload, s_tiny with { SpeculativeTokens = 3, KvBytes = 1 << 24 }, settings: new SimulationSettings { Acceptance = [acceptance] });
        // 6,000 tokens: three deviations of the mean are below 0.1, and the end of an answer cuts its last drafts off.
        Assert.AreEqual(expected, result.TokensPerStep, 0.15);
    }

    [TestMethod]
    public void Prompts_that_begin_alike_hit_the_cache()
    {
        Workload workload = s_workload with { Input = new LengthRange(90, 90), Output = new LengthRange(8, 8), Concurrency = 2 };
        ModelOptions roomy = s_tiny with { MaxModelLength = 100, KvBytes = 1 << 24 };
        Assert.AreEqual(0, Simulated.Run(workload, roomy).PrefixHits);
        Assert.IsGreaterThan(0.5, Simulated.Run(workload with { SharedPrefix = 0.9 }, roomy).PrefixHits);
    }

    [TestMethod]
    public void Requests_at_a_rate_come_when_they_come()
    {
        SimulationResult result = Tiny(s_workload with { Concurrency = 0, Rate = 2 }, s_tiny);
        // Forty requests at two a second are spread over some twenty seconds, of which the devices need almost nothing.
        Assert.IsInRange(10, 40, result.Seconds);
        Assert.IsLessThan(0.2, result.Busy);
    }

    [TestMethod]
    public void The_hosts_time_counts_only_when_it_is_asked_for()
    {
        SimulationResult without = Tiny(s_workload, s_tiny);
        SimulationResult with = Simulated.Run(s_workload, s_tiny, countsHostTime: true);
        Assert.IsGreaterThan(without.Seconds, with.Seconds);
        Assert.IsGreaterThan(0, without.HostBetweenSteps.Mean);
    }

    [TestMethod]
    public void A_request_that_the_model_cannot_take_is_refused_by_name() => Assert.Contains(
        "the model's context ends at 128",
        Assert.ThrowsExactly<RequestRefusedException>(() => Tiny(s_workload with { Input = new LengthRange(200, 200) }, s_tiny)).Message);

    [TestMethod]
    public void Glm5s_true_shape_answers_in_its_own_time()
    {
        SimulationResult result = Simulated.Run(
            new Workload { Requests = 8, Input = new LengthRange(1000, 1000), Output = new LengthRange(20, 20), Concurrency = 8 });
        // 78 layers in 1,000 to 3,000 kernels; a step of eight sequences reads tens of experts a layer.
        Assert.IsInRange(1000, 3000, result.KernelsPerStep);
        Assert.IsInRange(0.005, 0.030, result.TimePerOutputToken.Mean);
        Assert.AreEqual(1, result.TimeByKind.Values.Sum(), 1e-9);
    }

    [TestMethod]
    public void Groups_share_the_load_and_wait_for_each_other()
    {
        // By peaks alone, or the least that a kernel takes would make ranks of so small a model equal.
        var peaks = new SimulationSettings { Roofline = true };
        SimulationResult one = Simulated.Run(s_workload, Layout(1, 1, false), settings: peaks);
        SimulationResult four = Simulated.Run(s_workload, Layout(1, 4, true), settings: peaks);
        Assert.AreEqual(4 * one.KvTokens, four.KvTokens);
        Assert.AreEqual(0, one.TimeByKind["Waiting"]);
        Assert.IsGreaterThan(0, four.TimeByKind["Waiting"]);
        Assert.IsGreaterThan(0, four.TimeByKind["Exchange"]);
    }

    [TestMethod]
    public void Prefixes_come_back_from_the_host_and_cost_their_way()
    {
        Workload workload = s_workload with
        {
            Requests = 60,
            Input = new LengthRange(90, 90),
            Output = new LengthRange(4, 4),
            Concurrency = 2,
            SharedPrefix = 0.9,
            PrefixGroups = 12,
        };
        // Seven blocks a rank: far fewer than there are prefixes.
        ModelOptions tight = s_tiny with { MaxModelLength = 100, KvBytes = 2 * 300_000 };
        SimulationResult without = Tiny(workload, tight), with = Tiny(workload, tight with { HostCacheBytes = 1L << 40 });
        Assert.AreEqual(0, without.PrefixRecalled);
        Assert.IsGreaterThan(without.PrefixHits, with.PrefixHits);
        Assert.IsInRange(0.01, with.PrefixHits, with.PrefixRecalled);
        Assert.IsGreaterThan(0, with.TimeByKind["HostCopies"]);
    }

    private static ModelOptions Layout(int ranks, int groups, bool spread) => s_tiny with
    {
        Ranks = ranks,
        Groups = groups,
        SpreadExperts = spread,
        KvBytes = (long)ranks * groups << 20,
    };

    private static SimulationResult Tiny(Workload workload, ModelOptions options) =>
        Simulated.Run(workload, options, device: "sim:h200x8");
}
