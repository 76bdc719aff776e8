using System.Numerics;
using System.Runtime.InteropServices;
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

        if (Vector512.IsHardwareAccelerated)
            LayWide(_words, logits);
        else
            Lay(_words, logits);
        for (int token = Math.Min(_words.Length, logits.Length / BitsPerWord) * BitsPerWord; token < logits.Length; token++)
        {
            if (!Contains(token))
                logits[token] = float.NegativeInfinity;
        }
    }

    /// <summary>Lays bits over as many whole words of logits as there are: where a bit is not set, nothing is possible.</summary>
    internal static void Lay(ReadOnlySpan<ulong> words, Span<float> logits)
    {
        Span<Vector256<float>> lanes = MemoryMarshal.Cast<float, Vector256<float>>(logits);
        for (int w = 0; w < words.Length && w < logits.Length / BitsPerWord; w++)
        {
            ulong bits = words[w];
            if (bits == ulong.MaxValue)
                continue;
            Span<Vector256<float>> part = lanes.Slice(w * 8, 8);
            for (int i = 0; i < part.Length; i++)
                part[i] = Kept(part[i], (int)(bits >> (i * Vector256<float>.Count)));
        }
    }

    /// <summary>The same, sixteen lanes at a time.</summary>
    internal static void LayWide(ReadOnlySpan<ulong> words, Span<float> logits)
    {
        Span<Vector512<float>> lanes = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        for (int w = 0; w < words.Length && w < logits.Length / BitsPerWord; w++)
        {
            ulong bits = words[w];
            if (bits == ulong.MaxValue)
                continue;
            Span<Vector512<float>> part = lanes.Slice(w * 4, 4);
            for (int i = 0; i < part.Length; i++)
                part[i] = Kept(part[i], (int)(bits >> (i * Vector512<float>.Count)));
        }
    }

    /// <summary>The lanes whose bits are set; of the bits above them nothing is read.</summary>
    private static Vector256<float> Kept(Vector256<float> logits, int bits)
    {
        var own = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        var set = Vector256.Equals(Vector256.Create(bits) & own, own);
        return Vector256.ConditionalSelect(set.AsSingle(), logits, Vector256.Create(float.NegativeInfinity));
    }

    /// <inheritdoc cref="Kept(Vector256{float}, int)"/>
    private static Vector512<float> Kept(Vector512<float> logits, int bits)
    {
        var own = Vector512.Create(
            1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        var set = Vector512.Equals(Vector512.Create(bits) & own, own);
        return Vector512.ConditionalSelect(set.AsSingle(), logits, Vector512.Create(float.NegativeInfinity));
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
