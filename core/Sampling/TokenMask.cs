using System.Numerics;

namespace Glm5.Core.Sampling;

/// <summary>A set of token ids that must not be chosen, one bit each. Immutable; shared by all sequences.</summary>
public sealed class TokenMask
{
    private const int BitsPerWord = 64;

    private readonly ulong[] _words;

    private TokenMask(ulong[] words) => _words = words;

    /// <summary>Forbids nothing.</summary>
    public static TokenMask Nothing { get; } = new([]);

    /// <summary>
    /// Forbids the ids below <paramref name="vocabularySize"/> that <paramref name="isAllowed"/> denies.
    /// </summary>
    public static TokenMask AllBut(Func<int, bool> isAllowed, int vocabularySize)
    {
        var words = new ulong[(vocabularySize + BitsPerWord - 1) / BitsPerWord];
        for (int id = 0; id < vocabularySize; id++)
        {
            if (!isAllowed(id))
                words[id / BitsPerWord] |= 1UL << (id % BitsPerWord);
        }

        return new TokenMask(words);
    }

    /// <summary>A mask as <see cref="Words"/> gives it.</summary>
    public static TokenMask From(ReadOnlySpan<ulong> words) => words.IsEmpty ? Nothing : new TokenMask(words.ToArray());

    /// <summary>Bit i of word w: whether id 64 · w + i is forbidden.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>True when the id must not be chosen.</summary>
    public bool Forbids(int id)
    {
        int word = id / BitsPerWord;
        return word < _words.Length && (_words[word] >> (id % BitsPerWord) & 1) != 0;
    }

    /// <summary>Makes the forbidden ids impossible in logits [vocab].</summary>
    public void Apply(Span<float> logits)
    {
        for (int w = 0; w < _words.Length; w++)
        {
            for (ulong bits = _words[w]; bits != 0; bits &= bits - 1)
                logits[(w * BitsPerWord) + BitOperations.TrailingZeroCount(bits)] = float.NegativeInfinity;
        }
    }
}
