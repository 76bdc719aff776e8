using System.Numerics;
using System.Runtime.Intrinsics;

namespace Glm5.Core.Constrained;

/// <summary>The tokens of the vocabulary that may come next: a few as a list, many as one bit each. Immutable.</summary>
internal sealed class AllowedTokens
{
    /// <summary>Up to so many are kept as a list.</summary>
    private const int MostListed = 256;
    private const int BitsPerWord = 64;

    private readonly int[] _listed;
    private readonly ulong[] _words;

    /// <param name="words">One bit a token; not kept.</param>
    public AllowedTokens(ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
            Count += BitOperations.PopCount(word);
        _listed = Count <= MostListed ? List(words, Count) : [];
        _words = Count <= MostListed ? [] : words.ToArray();
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Memory that it takes.</summary>
    public int Bytes => (_listed.Length * sizeof(int)) + (_words.Length * sizeof(ulong));

    /// <summary>True for one of them.</summary>
    public bool Contains(int token)
    {
        if (Count <= MostListed)
            return Array.BinarySearch(_listed, token) >= 0;
        int word = token / BitsPerWord;
        return word < _words.Length && (_words[word] >> (token % BitsPerWord) & 1) != 0;
    }

    /// <summary>Makes all others impossible in logits [vocab].</summary>
    public void Apply(Span<float> logits)
    {
        if (Count <= MostListed)
        {
            ApplyListed(logits);
            return;
        }

        int whole = Math.Min(_words.Length, logits.Length / BitsPerWord);
        for (int w = 0; w < whole; w++)
        {
            Span<float> part = logits.Slice(w * BitsPerWord, BitsPerWord);
            if (_words[w] == 0)
                part.Fill(float.NegativeInfinity);
            else if (_words[w] != ulong.MaxValue)
                Mask(part, _words[w]);
        }

        for (int token = whole * BitsPerWord; token < logits.Length; token++)
        {
            if (!Contains(token))
                logits[token] = float.NegativeInfinity;
        }
    }

    private void ApplyListed(Span<float> logits)
    {
        Span<float> kept = stackalloc float[MostListed];
        for (int i = 0; i < _listed.Length; i++)
            kept[i] = logits[_listed[i]];
        logits.Fill(float.NegativeInfinity);
        for (int i = 0; i < _listed.Length; i++)
            logits[_listed[i]] = kept[i];
    }

    /// <summary>Eight lanes at a time: a lane stays where its bit is set.</summary>
    private static void Mask(Span<float> logits, ulong bits)
    {
        var lanes = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<float> impossible = Vector256.Create(float.NegativeInfinity);
        for (int i = 0; i < BitsPerWord; i += Vector256<float>.Count, bits >>= Vector256<float>.Count)
        {
            Span<float> eight = logits.Slice(i, Vector256<float>.Count);
            var set = Vector256.Equals(Vector256.Create((int)(bits & 0xFF)) & lanes, lanes);
            Vector256.ConditionalSelect(set.AsSingle(), Vector256.Create<float>(eight), impossible).CopyTo(eight);
        }
    }

    private static int[] List(ReadOnlySpan<ulong> words, int count)
    {
        int[] listed = new int[count];
        int i = 0;
        for (int w = 0; w < words.Length; w++)
        {
            for (ulong bits = words[w]; bits != 0; bits &= bits - 1)
                listed[i++] = (w * BitsPerWord) + BitOperations.TrailingZeroCount(bits);
        }

        return listed;
    }
}
