using System.Text.Json;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Parse;

/// <summary>
/// The table of answers and what they are: whole, as tokens, and cut into pieces anywhere. GLM5_SOAK=2 or more tries every
/// three cuts of short answers and many more of long ones.
/// </summary>
[TestClass]
public sealed class OutputCaseTests
{
    /// <summary>As long as a call with one short argument.</summary>
    private const int Short = 80;

    [TestMethod]
    public void The_table_is_large_and_its_arguments_are_objects()
    {
        Assert.IsGreaterThanOrEqualTo(100, OutputCase.All.Count);
        Assert.HasCount(OutputCase.All.Count, OutputCase.All.Select(given => given.Name).Distinct());
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "tests", "data", "output", "cases.jsonl")))
        {
            foreach (JsonElement call in JsonElement.Parse(line).At("expected", "tool_calls").EnumerateArray())
                Assert.AreEqual(JsonValueKind.Object, JsonElement.Parse(call.At("arguments").GetString()!).ValueKind, line);
        }
    }

    [TestMethod]
    public void Every_answer_is_what_the_table_says()
    {
        foreach (OutputCase given in OutputCase.All)
            Assert.AreEqual(given.Expected, given.Split(), given.Name);
    }

    [TestMethod]
    public void Every_answer_is_the_same_as_tokens()
    {
        Tokenizer nano = Tokenizer.Load(Path.Combine(EmbeddedModel.Folder, "tokenizer.json"));
        foreach (OutputCase given in OutputCase.All)
            Assert.AreEqual(given.Expected, given.Tokens(nano), given.Name);
    }

    [TestMethod]
    public void No_one_or_two_cuts_change_an_answer() => Parallel.ForEach(OutputCase.All, given =>
    {
        int[] places = given.Places;
        for (int first = 0; first < places.Length; first++)
        {
            Assert.AreEqual(given.Expected, given.Split(places[first]), given.Name);
            for (int second = first + 1; second < places.Length; second++)
                Assert.AreEqual(given.Expected, given.Split(places[first], places[second]), given.Name);
        }
    });

    [TestMethod]
    public void Random_cuts_change_no_answer() => Parallel.ForEach(OutputCase.All, given =>
    {
        var random = new Random(given.Text.Length);
        for (int round = 0; round < (Soak.IsLong ? 20_000 : 200); round++)
        {
            int[] cuts = [.. given.Places.Where(_ => random.Next(6) == 0)];
            Assert.AreEqual(given.Expected, given.Split(cuts), given.Name);
        }
    });

    [TestMethod]
    [TestCategory("soak")]
    public void No_three_cuts_change_a_short_answer()
    {
        if (!Soak.IsLong)
            Assert.Inconclusive("not run: a test of minutes; run ./build.sh soak");
        Parallel.ForEach(OutputCase.All.Where(given => given.Places.Length <= Short), given =>
        {
            int[] places = given.Places;
            for (int first = 0; first < places.Length; first++)
            {
                for (int second = first + 1; second < places.Length; second++)
                {
                    for (int third = second + 1; third < places.Length; third++)
                    {
                        Assert.AreEqual(
                            given.Expected, given.Split(places[first], places[second], places[third]), given.Name);
                    }
                }
            }
        });
    }
}
