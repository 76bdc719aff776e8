using System.Diagnostics;
using System.Text.RegularExpressions;
using CsCheck;
using Glm5.Core.Constrained;

namespace Glm5.Tests.Unit.Constrained;

[TestClass]
public sealed class RegexTests
{
    private static readonly Gen<string> s_texts = Gen.Char["ab-01.é\n"].Array[0, 7].Select(c => new string(c));

    [TestMethod]
    [DataRow("a*b+")]
    [DataRow("(a|b)*ab")]
    [DataRow("[^a-b]+")]
    [DataRow("(?:a{2,3}|b{2})?-")]
    [DataRow("a?a?aa")]
    [DataRow(@"\d+(\.\d+)?")]
    [DataRow(@".\w\s?")]
    [DataRow("(a*)*b")]
    [DataRow("a{2}|")]
    [DataRow("(?<n>a)+?b{1,}")]
    [DataRow(@"[\d\-ab]{1,4}\u00e9?")]
    [DataRow("[^]")]
    [DataRow("[]|a")]
    public void Agrees_with_the_framework_on_whole_texts(string pattern)
    {
        var expected = new Regex($@"^(?:{pattern.Replace("[^]", @"[\s\S]").Replace("[]", "(?!)")})\z", RegexOptions.ECMAScript);
        Grammar grammar = Grammar.Regex(pattern);
        s_texts.Sample(text => Assert.AreEqual(expected.IsMatch(text), grammar.Admits(text), text), iter: Soak.Times(400), threads: 1);
    }

    [TestMethod]
    [DataRow("b", "abc", true)]
    [DataRow("^b", "abc", false)]
    [DataRow("c$", "abc", true)]
    [DataRow("^a$|c", "abc", true)]
    [DataRow("^a$|x", "abc", false)]
    [DataRow("", "", true)]
    public void In_a_schema_a_pattern_matches_anywhere_unless_anchored(string pattern, string text, bool matches) =>
        Assert.AreEqual(matches, Walks.Schema($$"""{"type":"string","pattern":"{{pattern}}"}""").Admits($"\"{text}\""));

    [TestMethod]
    [DataRow("(a", "without its ')'")]
    [DataRow("a)", "without its '('")]
    [DataRow("[a", "without its ']'")]
    [DataRow("*a", "nothing before")]
    [DataRow("a**", "count of a count")]
    [DataRow("a{3,2}", "from 3 to 2")]
    [DataRow(@"(a)\1", "back reference")]
    [DataRow(@"\bx", "word boundary")]
    [DataRow(@"\p{L}", "Unicode property")]
    [DataRow("(?!a)", "look-around")]
    [DataRow("(?i)a", "special group")]
    [DataRow("(^a)", "outside of groups")]
    [DataRow("a$b", "end of an alternative")]
    [DataRow("[b-a]", "range in a class")]
    [DataRow("a{99999}", "above 10000")]
    [DataRow("((((a{100}){100}){100}){100}){100}", "too large")]
    [DataRow("((((){10000}){10000}){10000})", "too large")]
    [DataRow("(a?){9000}b", "too large")]
    [DataRow(@"\", "backslash")]
    [DataRow(@"\x1", "hexadecimal")]
    [DataRow("[]", "no answer")]
    public void What_is_wrong_or_not_regular_is_refused_at_once(string pattern, string sentence)
    {
        long began = Stopwatch.GetTimestamp();
        GrammarException refused = Assert.ThrowsExactly<GrammarException>(() => Grammar.Regex(pattern));
        Assert.Contains(sentence, refused.Message);
        Assert.IsLessThan(10, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    [TestMethod]
    public void Any_text_is_a_pattern_or_refused() =>
        Gen.Char["ab()[]{}|*+?.^$\\d1,-:<>=!é\ud83d\ude00"].Array[0, 12].Select(c => new string(c)).Sample(pattern =>
        {
            try
            {
                Grammar.Regex(pattern);
            }
            catch (GrammarException)
            {
            }
        }, iter: Soak.Times(3_000), threads: 1);

    [TestMethod]
    [DataRow("(a+)+b")]
    [DataRow("(a|a)*b")]
    [DataRow("(a*)*(a*)*(a*)*b")]
    [DataRow("(.*)(.*)(.*)(.*)x")]
    public void Patterns_that_backtrack_for_ever_elsewhere_are_linear(string pattern)
    {
        long began = Stopwatch.GetTimestamp();
        Assert.IsFalse(Grammar.Regex(pattern).Admits(new string('a', 100_000)));
        Assert.IsLessThan(10, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    [TestMethod]
    public void Choices_are_the_texts_and_nothing_else()
    {
        var grammar = Grammar.Choice(["yes", "no", "no way", "é"]);
        foreach (string good in (string[])["yes", "no", "no way", "é"])
            Assert.IsTrue(grammar.Admits(good));
        foreach (string bad in (string[])["", "n", "no ", "yesno", " yes"])
            Assert.IsFalse(grammar.Admits(bad));
    }
}
