using System.Diagnostics;
using System.Text;
using Glm5.Benchmarks.Machine;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Sampling;

namespace Glm5.Benchmarks.Speed;

/// <summary>
/// Walks an answer through its form as sampling does: find the mask, lay it over the logits, accept the token. The first
/// walk finds every mask, the second knows them.
/// </summary>
internal static class MaskTimes
{
    private const int End = SyntheticVocabulary.Size - 1;

    public static MaskedAnswer Measure(
        string form, Func<Grammar> compile, string answer, GrammarVocabulary vocabulary, int rounds)
    {
        List<int> tokens = Longest(vocabulary, Encoding.UTF8.GetBytes(answer));
        var compiled = new double[rounds];
        double[,] found = new double[tokens.Count, rounds], steps = new double[tokens.Count, rounds];
        float[] logits = [.. Enumerable.Range(0, vocabulary.Size).Select(id => (float)KeyedRandom.Unit(1, id, DrawPurpose.Token))];
        float[] row = new float[logits.Length];
        long allocated = 0;
        for (int round = -1; round < rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            Grammar grammar = compile();
            double took = Microseconds(began);
            var masks = new TokenGrammar(grammar, vocabulary);
            double[] finding = Find(masks, tokens), applying = new double[tokens.Count];
            long before = GC.GetAllocatedBytesForCurrentThread();
            var cursor = new GrammarCursor(masks, [End], bindsAfter: null);
            long cursorBytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Apply(cursor, tokens, logits, row, applying);
            if (round < 0)
                continue;
            compiled[round] = took;
            for (int i = 0; i < tokens.Count; i++)
                (found[i, round], steps[i, round]) = (finding[i], applying[i]);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before - cursorBytes;
        }

        return new MaskedAnswer(
            form, tokens.Count, Spread.Of(compiled), OfSteps(found), OfSteps(steps), allocated);
    }

    /// <summary>Over the steps, each of which counts by its median over the rounds.</summary>
    private static Spread OfSteps(double[,] times)
    {
        double[] medians = new double[times.GetLength(0)];
        for (int i = 0; i < medians.Length; i++)
            medians[i] = Spread.Of([.. Enumerable.Range(0, times.GetLength(1)).Select(round => times[i, round])]).Median;
        return Spread.Of(medians);
    }

    private static double[] Find(TokenGrammar masks, List<int> tokens)
    {
        double[] times = new double[tokens.Count];
        GrammarState state = masks.Start;
        for (int i = 0; i < times.Length; i++)
        {
            long began = Stopwatch.GetTimestamp();
            masks.Allowed(state);
            state = masks.Step(state, tokens[i]);
            times[i] = Microseconds(began);
        }

        return state.CanEnd ? times : throw new InvalidOperationException("the answer does not have the form");
    }

    /// <summary>The row is copied between steps, off the clock: a mask spoils it.</summary>
    private static void Apply(GrammarCursor cursor, List<int> tokens, float[] logits, float[] row, double[] times)
    {
        for (int i = 0; i < times.Length; i++)
        {
            logits.CopyTo(row, 0);
            long began = Stopwatch.GetTimestamp();
            cursor.Apply(row);
            cursor.Accept(tokens[i]);
            times[i] = Microseconds(began);
        }
    }

    /// <summary>The answer as tokens, each the longest that fits.</summary>
    private static List<int> Longest(GrammarVocabulary vocabulary, ReadOnlySpan<byte> answer)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        int longest = 1;
        for (int id = 0; id < vocabulary.Size; id++)
        {
            ReadOnlySpan<byte> text = vocabulary.TextOf(id);
            if (!text.IsEmpty && ids.TryAdd(Convert.ToHexString(text), id))
                longest = Math.Max(longest, text.Length);
        }

        var tokens = new List<int>();
        while (!answer.IsEmpty)
        {
            int length = Math.Min(longest, answer.Length);
            while (!ids.ContainsKey(Convert.ToHexString(answer[..length])))
                length--;
            tokens.Add(ids[Convert.ToHexString(answer[..length])]);
            answer = answer[length..];
        }

        return tokens;
    }

    private static double Microseconds(long began) => Stopwatch.GetElapsedTime(began).TotalMicroseconds;
}

/// <summary>An answer with a form, on one thread.</summary>
/// <param name="Form">Which form.</param>
/// <param name="Tokens">Steps of the answer.</param>
/// <param name="CompileMicroseconds">From its source to its automaton, once for all requests that send it.</param>
/// <param name="NewMaskMicroseconds">Finding a step's mask and the state behind it when nothing is known, over the
/// steps.</param>
/// <param name="StepMicroseconds">What a step pays when the mask is known: laying it over the logits, going on; over the
/// steps.</param>
/// <param name="KnownBytesAllocated">Managed memory that a whole answer allocates when its masks are known.</param>
internal sealed record MaskedAnswer(
    string Form, int Tokens, Spread CompileMicroseconds, Spread NewMaskMicroseconds, Spread StepMicroseconds,
    long KnownBytesAllocated);
