using System.Diagnostics;
using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

[TestClass]
public sealed class MergingTests
{
    private static readonly Gen<(int Left, int Right)[]> s_pairs = Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12]).Array[0, 12];

    [TestMethod]
    public void Merging_joins_the_lowest_rank_first_and_the_leftmost_of_equals() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 40], s_pairs).Sample((bytes, pairs) =>
        {
            MergeTable table = new(pairs.Length);
            List<(int Left, int Right)> order = [];
            foreach ((int left, int right) in pairs)
            {
                if (order.Contains((left, right)))
                    continue;
                table.Set(left, right, new Merge(order.Count, 5 + order.Count));
                order.Add((left, right));
            }

            using PieceMerger merger = new([.. Enumerable.Range(0, 256)], table);
            using PooledInts ids = new();
            merger.Merge([.. bytes.Select(b => (byte)b)], ids);
            return ids.Items.SequenceEqual(Define(bytes, order).ToArray());
        }, iter: Soak.Times(10_000));

    [TestMethod]
    [DataRow("a")]
    [DataRow("the")]
    [DataRow("1")]
    [DataRow(" ")]
    [DataRow("\n ")]
    [DataRow("'")]
    [DataRow("<|user|")]
    [DataRow("漢")]
    public void Time_grows_with_the_text_and_no_faster(string unit)
    {
        string once = string.Concat(Enumerable.Repeat(unit, 50_000 / unit.Length));
        string fourfold = string.Concat(Enumerable.Repeat(once, 4));
        var (least, most) = (TimeSpan.MaxValue, TimeSpan.MaxValue);

        // A quadratic algorithm takes seconds, and 16 times as long for the fourfold; n log n takes milliseconds, and a
        // little more than 4 times. The slack between them is for a busy machine.
        for (int round = 0; round < 5; round++)
        {
            least = Faster(least, () => Tokenizers.Nano.Encode(once));
            most = Faster(most, () => Tokenizers.Nano.Encode(fourfold));
            if (most < (10 * least) + TimeSpan.FromMilliseconds(500))
                return;
        }

        Assert.Fail($"{once.Length} characters take {least}, four times as many {most}");
    }

    [TestMethod]
    public void A_sequence_of_encodings_from_many_threads_gives_what_one_thread_gives()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => string.Concat(Enumerable.Repeat($"word{i} ", 20)))];
        int[][] expected = [.. texts.Select(t => Tokenizer.Parse(Tokenizers.NanoFile, "fresh.json").Encode(t))];
        Tokenizer shared = Tokenizer.Parse(Tokenizers.NanoFile, "shared.json");
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < texts.Length; i++)
                CollectionAssert.AreEqual(expected[i], shared.Encode(texts[i]));
        });
    }

    private static TimeSpan Faster(TimeSpan than, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        return elapsed < than ? elapsed : than;
    }

    private static List<int> Define(int[] symbols, List<(int Left, int Right)> order)
    {
        List<int> ids = [.. symbols];
        while (true)
        {
            (int Rank, int At) best = (int.MaxValue, -1);
            for (int at = 0; at + 1 < ids.Count; at++)
            {
                int rank = order.IndexOf((ids[at], ids[at + 1]));
                if (rank >= 0 && rank < best.Rank)
                    best = (rank, at);
            }

            if (best.At < 0)
                return ids;
            ids[best.At] = 5 + best.Rank;
            ids.RemoveAt(best.At + 1);
        }
    }
}
