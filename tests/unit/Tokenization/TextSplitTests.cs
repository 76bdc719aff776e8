using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

[TestClass]
public sealed class TextSplitTests
{
    private const string Family =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [TestMethod]
    [DataRow("Hello world!", "Hello| world|!")]
    [DataRow("I'll sayIT'S 12345", "I|'ll| sayIT|'S| |123|45")]
    [DataRow("'ſx", "'ſ|x")]
    [DataRow("'story", "'s|tory")]
    [DataRow("a  b \n c", "a| | b| \n| c")]
    [DataRow("a   ", "a|   ")]
    [DataRow("\t\tword", "\t|\tword")]
    [DataRow("x=1;\n\ny", "x|=|1|;\n\n|y")]
    [DataRow("!𝒳𝒴 𝟙𝟚𝟛𝟜", "!𝒳𝒴| |𝟙𝟚𝟛|𝟜")]
    [DataRow("😀ab😀", "😀ab|😀")]
    [DataRow("e\u0301a", "e|\u0301a")]
    public void Text_is_cut_where_the_pattern_says(string text, string expected) =>
        Assert.AreEqual(expected, string.Join('|', Pieces(TextSplit.For(Family), text)));

    [TestMethod]
    [DataRow(@"\p{N}{1,3}")]
    [DataRow(@"\p{N}{1,2}")]
    [DataRow(@"\p{N}")]
    [DataRow(@"\p{N}+")]
    public void The_hand_written_split_equals_the_regular_expression(string number)
    {
        string pattern = Family.Replace(@"\p{N}{1,3}", number, StringComparison.Ordinal);
        Assert.IsInstanceOfType<WordSplit>(TextSplit.For(pattern));

        // .NET folds the long s only when it is written out.
        Regex regex = new(pattern.Replace("'s|", "'s|'ſ|", StringComparison.Ordinal), RegexOptions.CultureInvariant);
        Tokenizers.Texts.Select(FirstPlane).Sample(
            text => Pieces(TextSplit.For(pattern), text).SequenceEqual(regex.Matches(text).Select(m => m.Value)), iter: Soak.Times(3_000));
    }

    [TestMethod]
    public void Other_patterns_without_look_around_run_as_regular_expressions()
    {
        TextSplit split = TextSplit.For(@"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+");
        Assert.IsInstanceOfType<RegexSplit>(split);
        Assert.AreEqual("ab𝒳|  |1|𝟙|!😀| ", string.Join('|', Pieces(split, "ab𝒳  1𝟙!😀 ")));
        Tokenizers.Texts.Select(Tokenizers.WellFormed).Sample(text => string.Concat(Pieces(split, text)) == text, iter: Soak.Times(500));
    }

    [TestMethod]
    [DataRow(@"\s+(?!\S)|\w+")]
    [DataRow(@"(a)\1")]
    [DataRow(@"(")]
    [DataRow(@"\p{Han}+")]
    public void A_pattern_that_needs_backtracking_is_refused(string pattern) =>
        Assert.ThrowsExactly<NotSupportedException>(() => TextSplit.For(pattern));

    [TestMethod]
    public void Every_stand_in_has_the_category_it_stands_for()
    {
        string standIns = RegexSplit.StandIns;
        Assert.HasCount(Enum.GetValues<UnicodeCategory>().Length, standIns);
        for (int category = 0; category < standIns.Length; category++)
            Assert.AreEqual((UnicodeCategory)category, char.GetUnicodeCategory(standIns[category]));
    }

    /// <summary>Drops what .NET's classes do not know.</summary>
    private static string FirstPlane(string text) => string.Concat(text.Where(c => !char.IsSurrogate(c)));

    private static List<string> Pieces(TextSplit split, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using PooledInts lengths = new();
        split.Split(bytes, lengths);
        List<string> pieces = [];
        int at = 0;
        foreach (int length in lengths.Items)
        {
            pieces.Add(Encoding.UTF8.GetString(bytes, at, length));
            at += length;
        }

        Assert.AreEqual(bytes.Length, at);
        return pieces;
    }
}
