using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Tests.Unit.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Ranks;

/// <summary>Which group of ranks takes a request.</summary>
[TestClass]
public sealed class GroupChoiceTests
{
    private const int Context = 60, BlockSlots = 4;

    [TestMethod]
    public void Requests_go_to_the_group_with_the_fewest()
    {
        using Core.Engine engine = New(groups: 3);
        for (int i = 0; i < 7; i++)
            engine.Submit(Request(100 * i, 9));
        engine.Turn();
        CollectionAssert.AreEqual(new[] { 3, 2, 2 }, Loads(engine));
    }

    [TestMethod]
    public void A_request_goes_where_most_of_its_prompt_is()
    {
        using Core.Engine engine = New(groups: 3);
        engine.Submit(Request(0, 9));
        engine.Submit(Request(100, 13));
        Rest(engine);
        engine.Submit(Request(100, 21));
        engine.Submit(Request(100, 21));
        engine.Turn();
        CollectionAssert.AreEqual(new[] { 0, 2, 0 }, Loads(engine));
        Assert.AreEqual(24, engine.Status.CachedTokens, "three full blocks, twice");
    }

    [TestMethod]
    public void What_all_requests_begin_with_does_not_gather_them()
    {
        using Core.Engine engine = New(groups: 2);
        engine.Submit(Request(0, 13));
        Rest(engine);
        for (int i = 0; i < 20; i++)
            engine.Submit(Request(0, 14));
        engine.Turn();
        int[] loads = Loads(engine);
        Assert.IsGreaterThanOrEqualTo(8, loads[1], $"{loads[0]} and {loads[1]}");
        Assert.IsGreaterThan(loads[1], loads[0]);
    }

    [TestMethod]
    public void A_group_that_is_full_is_passed_over_whatever_it_has_cached()
    {
        using Core.Engine engine = New(groups: 2, blocks: 16);
        engine.Submit(Request(0, 40) with { MaxTokens = 20 });
        engine.Turn();
        engine.Turn();
        engine.Submit(Request(0, 40) with { CacheSalt = null, MaxTokens = 20, Sampling = new SamplingParameters { Seed = 1 } });
        engine.Turn();
        // The whole prompt is cached in the first group, whose blocks would suffice: five blocks more than it has free would not.
        engine.Submit(Request(0, 33) with { Prompt = [.. Request(0, 8).Prompt, .. Request(17, 30).Prompt] });
        engine.Turn();
        CollectionAssert.AreEqual(new[] { 2, 1 }, Loads(engine));
    }

    [TestMethod]
    public void Every_request_is_answered_as_alone_in_any_number_of_groups()
    {
        using Core.Engine engine = New(groups: 4, drafts: 2);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 30).Select(i => Request(i % 7, 3 + i) with { CacheSalt = $"{i % 2}" })];
        GenerationStream[] answers = [.. requests.Select(request => (GenerationStream)engine.Submit(request))];
        Rest(engine);
        for (int i = 0; i < answers.Length; i++)
        {
            var got = new List<int>();
            while (answers[i].TryRead(out SampledToken token))
                got.Add(token.Token);
            CollectionAssert.AreEqual(
                FakeStepRunner.Expected(requests[i], Context).Select(t => t.Token).ToArray(), got, $"request {i}");
        }
    }

    private static Core.Engine New(int groups, int drafts = 0, int blocks = 200)
    {
        var options = new ModelOptions { Folder = "", MaxBatchedTokens = 400, MaxSequences = 32 };
        var runners = new StepRunner[groups];
        for (int g = 0; g < groups; g++)
            runners[g] = new FakeStepRunner(blocks, BlockSlots, drafts) { Checks = false };
        return new Core.Engine(runners, Context, TokenMask.Nothing, options, TimeProvider.System, NullLogger.Instance);
    }

    private static GenerationRequest Request(int first, int length) => new()
    {
        Prompt = [.. Enumerable.Range(first, length).Select(token => token % 50)],
        Sampling = new SamplingParameters { Temperature = 0 },
        MaxTokens = 6,
    };

    private static void Rest(Core.Engine engine)
    {
        while (engine.Turn())
        {
        }
    }

    private static int[] Loads(Core.Engine engine)
    {
        var loads = new int[engine.Groups.Length];
        for (int g = 0; g < loads.Length; g++)
            loads[g] = engine.Groups[g].Load;
        return loads;
    }
}
