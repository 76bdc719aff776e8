using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

[TestClass]
public sealed class IncrementalDetokenizerTests
{
    [TestMethod]
    public void Joined_pieces_equal_the_whole_for_any_ids() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 255], Gen.Int[-2, 1300]).Array[0, 60], Gen.Bool).Sample((ids, skipSpecial) =>
        {
            IncrementalDetokenizer detokenizer = new(Tokenizers.Nano, skipSpecial);
            string joined = string.Concat(ids.Select(detokenizer.Append)) + detokenizer.Flush();
            return joined == Tokenizers.Nano.Decode(ids, skipSpecial);
        }, iter: Soak.Times(5_000));

    [TestMethod]
    public void No_piece_of_well_formed_text_holds_half_a_character() =>
        Tokenizers.Texts.Select(Tokenizers.WellFormed).Sample(text =>
        {
            IncrementalDetokenizer detokenizer = new(Tokenizers.Nano, skipSpecial: false);
            string[] pieces = [.. Tokenizers.Nano.Encode(text).Select(detokenizer.Append)];
            return pieces.All(p => p == Tokenizers.WellFormed(p))
                && string.Concat(pieces) == text
                && detokenizer.Flush().Length == 0;
        }, iter: Soak.Times(1_000));

    [TestMethod]
    public void A_character_of_several_tokens_comes_with_the_last_of_them()
    {
        int[] ids = Tokenizers.Nano.Encode("😀");
        IncrementalDetokenizer detokenizer = new(Tokenizers.Nano);
        Assert.IsGreaterThan(1, ids.Length);
        foreach (int id in ids[..^1])
            Assert.AreEqual("", detokenizer.Append(id));
        Assert.AreEqual("😀", detokenizer.Append(ids[^1]));
    }

    [TestMethod]
    public void A_character_cut_off_by_the_end_becomes_the_replacement_character()
    {
        IncrementalDetokenizer detokenizer = new(Tokenizers.Nano);
        foreach (int id in Tokenizers.Nano.Encode("😀")[..^1])
            detokenizer.Append(id);
        Assert.AreEqual("\uFFFD", detokenizer.Flush());
        Assert.AreEqual("", detokenizer.Flush());
    }
}
