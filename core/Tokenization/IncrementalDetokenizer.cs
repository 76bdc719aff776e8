using System.Text;

namespace Glm5.Core.Tokenization;

/// <summary>
/// Ids of one sequence to text as they come; never emits half a character, and the joined pieces equal the decoding of
/// the whole. One thread.
/// </summary>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecial = true)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>Text that the token completes; empty while a character is incomplete.</summary>
    public string Append(int token) =>
        skipSpecial && tokenizer.IsSpecial(token) ? "" : Decode(tokenizer.BytesOf(token), flush: false);

    /// <summary>What is left at the end: U+FFFD for an incomplete character, otherwise empty.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        const int LongestOnStack = 256;
        int count = _decoder.GetCharCount(bytes, flush);
        Span<char> characters = count <= LongestOnStack ? stackalloc char[LongestOnStack] : new char[count];
        return new string(characters[.._decoder.GetChars(bytes, characters, flush)]);
    }
}
