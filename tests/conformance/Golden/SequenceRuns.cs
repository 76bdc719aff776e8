using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Golden;

/// <summary>The ways in which the suites run prompts: alone, together, in chunks, continued token by token.</summary>
public static class SequenceRuns
{
    /// <summary>Blocks that each sequence of a run owns; block 0 is nobody's.</summary>
    private const int BlocksEach = 12, BlocksOfOne = 40;

    /// <summary>Blocks of a sequence that has the pool to itself, in an order that is not that of their ids.</summary>
    private static BlockTable Alone => Shuffled(first: 1, BlocksOfOne, stride: 7);

    /// <summary>Blocks of the n-th of several sequences.</summary>
    private static BlockTable Blocks(int sequence) => Shuffled(1 + (sequence * BlocksEach), BlocksEach, stride: 5);

    private static BlockTable Shuffled(int first, int count, int stride) =>
        new([.. Enumerable.Range(0, count).Select(i => first + ((i * stride) % count))], count);

    /// <summary>Lays out one whole prompt.</summary>
    public static void Fill(this ModelUnderTest model, int[] prompt, bool everyRow = false)
    {
        model.Layout.Clear();
        model.Layout.AddSequence(Alone);
        for (int i = 0; i < prompt.Length; i++)
            model.Layout.AddToken(prompt[i], i, everyRow || i == prompt.Length - 1);
    }

    /// <summary>Lays out a part of a prompt; only one that ends it wants logits.</summary>
    public static void FillPart(this ModelUnderTest model, int[] prompt, int start, int end)
    {
        bool isLast = end == prompt.Length;
        model.Layout.Clear();
        model.Layout.AddSequence(Alone, isLast ? StepLayout.ChosenByStep : prompt[end]);
        for (int i = start; i < end; i++)
            model.Layout.AddToken(prompt[i], i, isLast && i == end - 1);
    }

    /// <summary>Lays out one token at a position; chained drafts bring their own ids.</summary>
    public static void FillOne(this ModelUnderTest model, int position, int token = 0)
    {
        model.Layout.Clear();
        model.Layout.AddSequence(Alone);
        model.Layout.AddToken(token, position, wantsLogits: true);
    }

    /// <summary>Runs one prompt in one step.</summary>
    public static float[][] RunAlone(this ModelUnderTest model, int[] prompt, bool everyRow = false)
    {
        model.Fill(prompt, everyRow);
        return model.Run();
    }

    /// <summary>Runs one prompt in one step and keeps what the backend reports.</summary>
    public static RecordedTrace Trace(this ModelUnderTest model, int[] prompt)
    {
        var trace = new RecordedTrace(model.Reader);
        model.Fill(prompt);
        model.Run(trace);
        return trace;
    }

    /// <summary>Runs several prompts in one step; returns the last logits of each.</summary>
    public static float[][] RunTogether(this ModelUnderTest model, int[][] prompts)
    {
        model.Layout.Clear();
        for (int s = 0; s < prompts.Length; s++)
        {
            model.Layout.AddSequence(Blocks(s));
            for (int i = 0; i < prompts[s].Length; i++)
                model.Layout.AddToken(prompts[s][i], i, i == prompts[s].Length - 1);
        }

        return model.Run();
    }

    /// <summary>Runs one prompt in steps of the given sizes; returns the last logits.</summary>
    public static float[] RunInChunks(this ModelUnderTest model, int[] prompt, int[] chunks)
    {
        int position = 0;
        float[][] logits = [];
        foreach (int chunk in chunks)
        {
            model.Layout.Clear();
            model.Layout.AddSequence(Alone);
            for (int i = 0; i < chunk; i++, position++)
                model.Layout.AddToken(prompt[position], position, position == prompt.Length - 1);
            logits = model.Run();
        }

        return logits[0];
    }

    /// <summary>
    /// Feeds a prompt and tokens after it, one by one; returns the logits after the prompt and after each token. Before
    /// token <paramref name="dropAt"/> the sequence loses its blocks to others and is computed again elsewhere.
    /// </summary>
    public static float[][] Feed(
        this ModelUnderTest model, int[] prompt, int[] tokens, int dropAt = -1, int[]? others = null)
    {
        BlockTable blocks = Blocks(0);
        var logits = new float[tokens.Length + 1][];
        logits[0] = model.RunIn(blocks, 0, prompt);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i == dropAt)
            {
                model.RunIn(blocks, 0, others!);
                blocks = Blocks(3);
                logits[i] = model.RunIn(blocks, 0, [.. prompt, .. tokens[..i]]);
            }

            logits[i + 1] = model.RunIn(blocks, prompt.Length + i, tokens[i]);
        }

        return logits;
    }

    /// <summary>Runs neighbouring tokens of one sequence in its blocks; returns the last logits.</summary>
    private static float[] RunIn(this ModelUnderTest model, BlockTable blocks, int position, params int[] tokens)
    {
        model.Layout.Clear();
        model.Layout.AddSequence(blocks);
        for (int i = 0; i < tokens.Length; i++)
            model.Layout.AddToken(tokens[i], position + i, wantsLogits: i == tokens.Length - 1);
        return model.Run()[0];
    }

    /// <summary>Continues a prompt greedily, token by token over the caches.</summary>
    public static int[] Continue(this ModelUnderTest model, int[] prompt, int count)
    {
        var tokens = new int[count];
        float[] logits = model.RunAlone(prompt)[^1];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = Near.ArgMax(logits);
            model.Layout.Clear();
            model.Layout.AddSequence(Alone);
            model.Layout.AddToken(tokens[i], prompt.Length + i, wantsLogits: true);
            logits = model.Run()[0];
        }

        return tokens;
    }
}
