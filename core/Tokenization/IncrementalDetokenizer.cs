namespace Glm5.Core.Tokenization;

/// <summary>
/// Ids of one sequence to text as they come; never emits half a character, and the joined pieces equal the decoding of
/// the whole. One thread.
/// </summary>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecial = true)
{
    /// <summary>Text that the token completes; empty while a character is incomplete.</summary>
    public string Append(int token)
    {
        _ = (tokenizer, skipSpecial);
        throw new NotImplementedException();
    }

    /// <summary>What is left at the end: U+FFFD for an incomplete character, otherwise empty.</summary>
    public string Flush() => throw new NotImplementedException();
}
