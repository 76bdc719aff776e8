using CsCheck;
using Glm5.Core;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Drafts from a sequence's own words.</summary>
[TestClass]
public sealed class PromptLookupTests
{
    [TestMethod]
    [DataRow(new[] { 1, 2, 3, 4, 5, 1, 2 }, 3, new[] { 3, 4, 5 }, DisplayName = "what followed before")]
    [DataRow(new[] { 1, 2, 3, 9, 1, 2, 4, 9, 1, 2 }, 2, new[] { 4, 9 }, DisplayName = "the latest of equal matches")]
    [DataRow(new[] { 7, 1, 2, 3, 9, 8, 1, 2, 4, 9, 7, 1, 2 }, 2, new[] { 3, 9 }, DisplayName = "the longest match before a later one")]
    [DataRow(new[] { 5, 6, 5, 6, 5, 6 }, 5, new[] { 5, 6, 5, 6, 5 }, DisplayName = "a repetition goes on")]
    [DataRow(new[] { 4, 4, 4 }, 3, new[] { 4, 4, 4 }, DisplayName = "a repetition of one token")]
    [DataRow(new[] { 1, 2, 3, 4 }, 3, new int[0], DisplayName = "nothing was said before")]
    [DataRow(new[] { 1, 3, 2, 3 }, 3, new int[0], DisplayName = "one token is too short a match")]
    [DataRow(new[] { 1, 2 }, 3, new int[0], DisplayName = "nothing before the match")]
    public void It_proposes(int[] tokens, int most, int[] proposed) =>
        CollectionAssert.AreEqual(proposed, Propose(new PromptLookup(2, 4), tokens, most));

    [TestMethod]
    public void It_finds_what_a_plain_search_finds_however_the_sequence_grows() =>
        Gen.Select(
            Gen.Int[1, 3], Gen.Int[0, 4], Gen.Int[0, 3].Array[1, 32], Gen.Int[1, 40].Array[1, 10], Gen.Int[0, 7]).Sample(
            (shortest, more, tokens, pieces, most) =>
            {
                var lookup = new PromptLookup(shortest, shortest + more);
                int length = 0;
                foreach (int piece in pieces)
                {
                    length = Math.Min(tokens.Length, length + piece);
                    int[] known = tokens[..length];
                    CollectionAssert.AreEqual(
                        Plain(known, shortest, shortest + more, most), Propose(lookup, known, most),
                        $"after {length} tokens");
                }
            }, iter: Soak.Times(2000), threads: 1);

    [TestMethod]
    public void A_long_prompt_is_taken_in_over_several_calls()
    {
        int[] prompt = [.. Enumerable.Range(0, 60_000), 11, 12];
        var lookup = new PromptLookup(2, 4);
        CollectionAssert.AreEqual(new[] { 13, 14 }, Propose(lookup, prompt, 2));
        int[] late = [.. prompt, 50_000, 50_001];
        Assert.IsEmpty(Propose(lookup, late, 2), "not there yet");
        for (int call = 0; call < 4; call++)
            Propose(lookup, late, 2);
        CollectionAssert.AreEqual(new[] { 50_002, 50_003 }, Propose(lookup, late, 2));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    public void Drafts_gain_tokens_and_change_none(int drafts)
    {
        using var bench = new EngineBench(blocks: 200, maxTokens: 100, drafts: drafts, looksUp: true);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => EngineBench.Request(i, 9, 80))];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        int turns = bench.RunToEnd();
        for (int i = 0; i < requests.Length; i++)
            CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]), $"request {i}");
        Assert.IsLessThan(drafts == 1 ? 65 : 55, turns);
        Assert.IsGreaterThan(100, bench.Engine.Status.AcceptedTokens);
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
    }

    [TestMethod]
    public void Nothing_is_drafted_that_the_answer_cannot_have()
    {
        using var bench = new EngineBench(drafts: 7, context: 20, looksUp: true);
        GenerationRequest request = EngineBench.Request(0, promptLength: 1, maxTokens: 19);
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    private static int[] Propose(PromptLookup lookup, int[] tokens, int most)
    {
        var into = new int[most];
        return into[..lookup.Propose(tokens, into)];
    }

    /// <summary>The same from its definition: every earlier place, from the latest on.</summary>
    private static int[] Plain(int[] tokens, int shortest, int longest, int most)
    {
        int best = 0, bestLength = shortest - 1;
        for (int place = tokens.Length - 1; place >= shortest; place--)
        {
            int length = 0;
            while (length < Math.Min(longest, place) && tokens[place - 1 - length] == tokens[^(length + 1)])
                length++;
            if (length > bestLength)
                (best, bestLength) = (place, length);
        }

        if (best == 0)
            return [];
        var answer = new List<int>(tokens);
        for (int i = 0; i < most; i++)
            answer.Add(answer[best + i]);
        return [.. answer.Skip(tokens.Length)];
    }
}
