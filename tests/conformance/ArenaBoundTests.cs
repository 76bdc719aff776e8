using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance;

/// <summary>The arena is sized before a weight is read: a step that needs more would end the server.</summary>
[TestClass]
public sealed class ArenaBoundTests
{
    private const int Sequences = 8, TokensEach = 180;

    public static IEnumerable<object[]> Models =>
        from tenant in TestedBackends.All
        from folder in (string[])["tiny-dense", "tiny-moe", "tiny-full", "tiny-fp8"]
        where tenant != TestedBackends.CpuOracle
        select new object[] { tenant.Name, folder };

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void The_largest_step_fits_the_arena_that_was_counted_for_it(string backend, string folder)
    {
        using var model = new ModelUnderTest(
            TestedBackends.All.Single(t => t.Name == backend), Repository.Golden(folder), maxTokens: Sequences * TokensEach, blocks: 128);
        model.Layout.Clear();
        for (int s = 0; s < Sequences; s++)
        {
            model.Layout.AddSequence(new BlockTable([.. Enumerable.Range(1 + (s * 12), 12)], 12));
            for (int i = 0; i < TokensEach; i++)
                model.Layout.AddToken((i * 7 + s) % model.Config.VocabSize, i, wantsLogits: i == TokensEach - 1);
        }

        Assert.HasCount(Sequences, model.Run());
        // Most of the slack is for larger models: here it would hide what the count forgets.
        const long Alignment = 64 * ActivationArena.Alignment;
        long counted = ArenaSize.Bytes(model.Config, Sequences * TokensEach, Sequences, TokensEach) - ArenaSize.Slack + Alignment;
        Assert.IsLessThanOrEqualTo(counted, model.Arena.HighWater);
    }
}
