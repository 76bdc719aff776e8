using System.Buffers;
using System.Text;
using Glm5.Core.Chat.Output;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Constrained;

/// <summary>
/// A model's tokens as grammars see them: text, tags, and others, which no grammar lets through. Built once for a model.
/// Immutable; any thread.
/// </summary>
public sealed class GrammarVocabulary
{
    /// <summary>Longer tokens of plain characters are looked at one by one like all others.</summary>
    internal const int LongestPlain = 32;

    private readonly byte[]?[] _texts;
    private readonly int[] _tagIds;

    /// <summary>The vocabulary of a tokenizer.</summary>
    /// <param name="tokenizer">Names the tokens.</param>
    /// <param name="size">Tokens that logits have; more than the tokenizer has, perhaps.</param>
    public GrammarVocabulary(Tokenizer tokenizer, int size)
        : this(Texts(tokenizer), Tags(tokenizer), size)
    {
    }

    /// <param name="texts">[tokens] their bytes; null for what is no text.</param>
    /// <param name="tagIds">[tags] their ids; -1 where there is none.</param>
    /// <param name="size">Tokens that logits have.</param>
    internal GrammarVocabulary(byte[]?[] texts, int[] tagIds, int size)
    {
        (_texts, _tagIds, Size) = (texts, tagIds, size);
        PlainWords = new ulong[(size + 63) / 64];
        List<int> plain = [], others = [];
        for (int id = 0; id < Math.Min(texts.Length, size); id++)
        {
            if (texts[id] is not { Length: > 0 } text)
                continue;
            (IsPlain(text) ? plain : others).Add(id);
        }

        foreach (int id in plain)
            PlainWords[id / 64] |= 1UL << (id % 64);
        Plain = new TokenTrie(plain, id => texts[id]!);
        Others = new TokenTrie(others, id => texts[id]!);
    }

    /// <summary>Tokens that logits have.</summary>
    public int Size { get; }

    /// <summary>True when all tags of tool calls are tokens.</summary>
    public bool SpellsCalls
    {
        get
        {
            for (OutputTag tag = OutputTag.CallOpen; tag <= OutputTag.ValueClose; tag++)
            {
                if (IdOf(tag) < 0)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Tokens of whole characters without quotes, backslashes and controls, up to a length.</summary>
    internal TokenTrie Plain { get; }

    /// <summary>One bit a token: those of <see cref="Plain"/>.</summary>
    internal ulong[] PlainWords { get; }

    /// <summary>All other texts.</summary>
    internal TokenTrie Others { get; }

    /// <summary>The bytes of a token; empty for what is no text.</summary>
    internal ReadOnlySpan<byte> TextOf(int token) => (uint)token < (uint)_texts.Length ? _texts[token] : [];

    /// <summary>True for a tag.</summary>
    internal bool IsTag(int token, out OutputTag tag)
    {
        int index = Array.IndexOf(_tagIds, token);
        tag = (OutputTag)Math.Max(0, index);
        return index >= 0;
    }

    /// <summary>The id of a tag; -1 where the tokenizer has none.</summary>
    internal int IdOf(OutputTag tag) => _tagIds[(int)tag];

    private static byte[]?[] Texts(Tokenizer tokenizer)
    {
        var texts = new byte[]?[tokenizer.VocabularySize];
        for (int id = 0; id < texts.Length; id++)
            texts[id] = tokenizer.IsAdded(id) ? null : tokenizer.BytesOf(id).ToArray();
        return texts;
    }

    private static int[] Tags(Tokenizer tokenizer)
    {
        int[] ids = new int[OutputTags.Count];
        for (int tag = 0; tag < ids.Length; tag++)
            ids[tag] = tokenizer.AddedTokenId(((OutputTag)tag).Text()) ?? -1;
        return ids;
    }

    private static bool IsPlain(ReadOnlySpan<byte> text)
    {
        int characters = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done
                || rune.Value is < ' ' or '"' or '\\' || ++characters > LongestPlain)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }
}
