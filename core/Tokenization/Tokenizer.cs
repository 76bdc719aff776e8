using System.Buffers;
using System.Text;

namespace Glm5.Core.Tokenization;

/// <summary>
/// Text to ids and back by a Hugging Face tokenizer.json (specification, section 6). Immutable; any thread.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly AddedTokens _added;
    private readonly bool[] _special;
    private readonly bool[] _isAdded;
    private readonly PieceCache _cache = new();

    private Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _added = new AddedTokens(parts.Added);
        _special = new bool[parts.Tokens.Count];
        _isAdded = new bool[parts.Tokens.Count];
        foreach (AddedToken token in parts.Added)
            (_special[token.Id], _isAdded[token.Id]) = (token.Special, true);
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabularySize => _parts.Tokens.Count;

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="TokenizerException">The file is not usable; lists every problem.</exception>
    public static Tokenizer Load(string file)
    {
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{file} cannot be read: {exception.Message}");
        }

        return Parse(json, file);
    }

    /// <summary>Reads the bytes of a tokenizer.json; <paramref name="name"/> stands in errors.</summary>
    /// <exception cref="TokenizerException">They are not usable; lists every problem.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name) => new(TokenizerReader.Read(json, name));

    /// <summary>
    /// Encodes a prompt; added tokens are recognised outside of what messages brought. Linear in the text's length but
    /// for a logarithm within a piece. Half a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <exception cref="ArgumentException">The spans of messages are not ascending, disjoint and within the
    /// text.</exception>
    public int[] Encode(PromptText prompt)
    {
        CheckSpans(prompt);
        using PooledInts ids = new();
        using PooledInts lengths = new();
        using PieceMerger merger = new(_parts.ByteIds, _parts.Merges);
        int message = 0;
        int from = 0;
        while (_added.TryFind(prompt, from, ref message, out int start, out AddedToken found))
        {
            EncodeText(prompt.Text.AsSpan(from, start - from), lengths, merger, ids);
            ids.Add(found.Id);
            from = start + found.Text.Length;
        }

        EncodeText(prompt.Text.AsSpan(from), lengths, merger, ids);
        return ids.Items.ToArray();
    }

    /// <summary>
    /// UTF-8 bytes of a token, perhaps a part of a character; of an added token its text. Empty for ids that name
    /// nothing.
    /// </summary>
    public ReadOnlySpan<byte> BytesOf(int id) => IsNamed(id) ? _parts.Tokens[id] : [];

    /// <summary>
    /// True for an id that names a token. Others exist in embedding and head and must not be sampled.
    /// </summary>
    public bool IsNamed(int id) => (uint)id < (uint)_special.Length;

    /// <summary>True for an added token marked special: left out of text unless asked for.</summary>
    public bool IsSpecial(int id) => IsNamed(id) && _special[id];

    /// <summary>True for an added token, special or not: its characters spelled by other tokens are not it.</summary>
    public bool IsAdded(int id) => IsNamed(id) && _isAdded[id];

    /// <summary>The id of an added token by its text; null when there is none.</summary>
    public int? AddedTokenId(string text) => _added.IdOf(text);

    /// <summary>Text of ids: invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        ArrayBufferWriter<byte> bytes = new(Math.Max(4 * ids.Length, 16));
        foreach (int id in ids)
        {
            if (!skipSpecial || !IsSpecial(id))
                bytes.Write(BytesOf(id));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Encodes text in which no added token stands.</summary>
    private void EncodeText(ReadOnlySpan<char> text, PooledInts lengths, PieceMerger merger, PooledInts ids)
    {
        if (text.IsEmpty)
            return;

        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        ReadOnlySpan<byte> bytes = rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented));
        lengths.Clear();
        _parts.Split.Split(bytes, lengths);
        foreach (int length in lengths.Items)
        {
            EncodePiece(bytes[..length], merger, ids);
            bytes = bytes[length..];
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    private void EncodePiece(ReadOnlySpan<byte> piece, PieceMerger merger, PooledInts ids)
    {
        if (piece.Length == 1)
        {
            ids.Add(_parts.ByteIds[piece[0]]);
            return;
        }

        ulong hash = TokenBytes.Hash(piece);
        if (_parts.IgnoreMerges && _parts.Tokens.TryFind(piece, hash, out int whole))
        {
            ids.Add(whole);
            return;
        }

        if (_cache.TryGet(piece, hash, out ReadOnlySpan<int> known))
        {
            ids.Add(known);
            return;
        }

        int before = ids.Count;
        merger.Merge(piece, ids);
        _cache.Put(piece, hash, ids.Items[before..]);
    }

    private static void CheckSpans(PromptText prompt)
    {
        int end = 0;
        foreach (TextSpan span in prompt.FromMessages)
        {
            if (span.Start < end || span.Length <= 0 || span.Length > prompt.Text.Length - span.Start)
            {
                throw new ArgumentException(
                    $"The message span {span.Start} .. {span.End} is out of order or outside of it.", nameof(prompt));
            }

            end = span.End;
        }
    }
}
