using Glm5.Core;
using Glm5.Tests.Unit.Sampling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>The trained model's answers with drafts of either kind beside those without.</summary>
[TestClass]
[DoNotParallelize]
public sealed class DraftedAnswersTests
{
    private const int Context = 192, MostPrompts = 500, Sampled = 4, AtOnce = 50;

    private static readonly int s_samples = Math.Min(4000, Soak.Times(250));

    private static readonly int[][] s_texts = NanoEngine.ReadTexts();

    [TestMethod]
    [DataRow(DraftMethod.DraftLayer, 1)]
    [DataRow(DraftMethod.DraftLayer, 3)]
    [DataRow(DraftMethod.PromptLookup, 3)]
    public void Greedy_answers_are_the_same(DraftMethod method, int drafts)
    {
        GenerationRequest[] requests = [.. Prompts(Math.Min(MostPrompts, Soak.Times(25))).Select(prompt => new GenerationRequest
        {
            Prompt = [.. prompt],
            MaxTokens = 24,
            Sampling = new SamplingParameters { Temperature = 0 },
        })];
        using NanoEngine plain = new(Options()), drafting = new(Options(method, drafts));
        List<int>[] expected = plain.Answer(requests), got = drafting.Answer(requests);
        for (int i = 0; i < requests.Length; i++)
            CollectionAssert.AreEqual(expected[i], got[i], $"prompt {i}");
        Assert.IsGreaterThan(0, drafting.Engine.Status.AcceptedTokens);
        TestContext.WriteLine(
            $"{requests.Length} prompts, {drafting.Engine.Status.AcceptedTokens} of {drafting.Engine.Status.DraftedTokens} drafts accepted");
    }

    /// <summary>
    /// Seeds that differ: with equal ones the tokens are equal. Of two coins one of which shows heads in half of all cases,
    /// chi-square over 250 samples a side notices with probability 0.95 when the other does in 0.74, over the 4,000 of the
    /// long tier in 0.56.
    /// </summary>
    [TestMethod]
    [DataRow(DraftMethod.DraftLayer)]
    [DataRow(DraftMethod.PromptLookup)]
    public void Sampled_answers_have_the_same_distribution(DraftMethod method)
    {
        using NanoEngine plain = new(Options()), drafting = new(Options(method, 3));
        int[][] expected = Sample(plain, 0), got = Sample(drafting, s_samples);
        for (int place = 0; place < Sampled; place++)
        {
            (double statistic, int freedom) = ChiSquare.OfTwo(expected[place], got[place]);
            Assert.IsLessThan(ChiSquare.Bound(freedom), statistic, $"token {place} of the answer, {freedom} degrees of freedom");
        }

        Assert.IsGreaterThan(s_samples / 10, drafting.Engine.Status.DraftedTokens);
    }

    public TestContext TestContext { get; set; } = null!;

    /// <summary>[places][tokens] how often each token stood at a place of the answer.</summary>
    private static int[][] Sample(NanoEngine nano, int firstSeed)
    {
        int[] text = s_texts[1], prompt = [.. text[..^12], .. text[^12..^6], .. text[^12..^6]];
        int[][] counts = [.. Enumerable.Range(0, Sampled).Select(_ => new int[1280])];
        for (int seed = 0; seed < s_samples; seed += AtOnce)
        {
            int first = firstSeed + seed;
            List<int>[] answers = nano.Answer([.. Enumerable.Range(first, AtOnce).Select(i => new GenerationRequest
            {
                Prompt = [.. prompt],
                MaxTokens = Sampled,
                Sampling = new SamplingParameters { Temperature = 1.5f, Seed = i },
            })]);
            foreach (List<int> answer in answers)
            {
                for (int place = 0; place < Sampled; place++)
                    counts[place][answer[place]]++;
            }
        }

        return counts;
    }

    /// <summary>Beginnings of the golden conversations, each with some tokens of another behind it.</summary>
    private static IEnumerable<int[]> Prompts(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int[] text = s_texts[i % s_texts.Length], other = s_texts[((i * 7) + 1) % s_texts.Length];
            int kept = Math.Min(text.Length, 8 + (i * 13 % 130));
            yield return [.. text[..kept], .. other[..Math.Min(other.Length, i / s_texts.Length % 20)]];
        }
    }

    private static ModelOptions Options(DraftMethod method = DraftMethod.DraftLayer, int drafts = 0) => new()
    {
        Folder = RepositoryFiles.Nano,
        MaxModelLength = Context,
        Threads = 1,
        MaxSequences = AtOnce,
        MaxWaiting = MostPrompts,
        MaxBatchedTokens = 256,
        SpeculativeTokens = drafts,
        DraftMethod = method,
        LookupShortest = 1,
        AdaptSpeculation = false,
        SkipTokenizer = true,
    };
}
