namespace Glm5.Core.Tokenization;

/// <summary>Text to ids and back by a Hugging Face tokenizer.json (specification, section 6). Immutable; any thread.</summary>
public sealed class Tokenizer
{
    private Tokenizer()
    {
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabularySize => throw new NotImplementedException();

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="TokenizerException">The file is not usable; lists every problem.</exception>
    public static Tokenizer Load(string file) => throw new NotImplementedException();

    /// <summary>Reads the bytes of a tokenizer.json; <paramref name="name"/> stands in errors.</summary>
    /// <exception cref="TokenizerException">They are not usable; lists every problem.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name) => throw new NotImplementedException();

    /// <summary>Encodes a prompt; added tokens are recognised outside of what messages brought. Linear in the text's length.</summary>
    public int[] Encode(PromptText prompt) => throw new NotImplementedException();

    /// <summary>UTF-8 bytes of a token, perhaps a part of a character; of an added token its text. Empty for ids that name nothing.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => throw new NotImplementedException();

    /// <summary>True for an id that names a token. Others exist in embedding and head and must not be sampled.</summary>
    public bool IsNamed(int id) => throw new NotImplementedException();

    /// <summary>True for an added token marked special: left out of text unless asked for.</summary>
    public bool IsSpecial(int id) => throw new NotImplementedException();

    /// <summary>The id of an added token by its text; null when there is none.</summary>
    public int? AddedTokenId(string text) => throw new NotImplementedException();

    /// <summary>Text of ids: invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true) => throw new NotImplementedException();
}
