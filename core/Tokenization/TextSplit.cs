namespace Glm5.Core.Tokenization;

/// <summary>Cuts text into the pieces that merges never cross. Immutable; any thread.</summary>
internal abstract class TextSplit
{
    /// <summary>
    /// Adds the lengths in bytes of the pieces of <paramref name="text"/>, valid UTF-8; they sum to its length.
    /// </summary>
    public abstract void Split(ReadOnlySpan<byte> text, PooledInts lengths);

    /// <summary>The splitter for a pattern of tokenizer.json.</summary>
    /// <exception cref="NotSupportedException">No splitter runs the pattern in linear time.</exception>
    public static TextSplit For(string pattern) =>
        WordSplit.TryParse(pattern, out int digits) ? new WordSplit(digits) : new RegexSplit(pattern);
}
