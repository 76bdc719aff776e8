using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

[TestClass]
public sealed class StopStringsTests
{
    private static readonly Gen<string> s_stops = Gen.String[Gen.Char["ab"], 1, 5];

    [TestMethod]
    public void Text_before_a_stop_string_is_shown_and_nothing_after_it()
    {
        StopStrings stops = new(["END"]);
        Assert.AreEqual("a", stops.Append("aE"));
        Assert.IsNull(stops.Found);
        Assert.AreEqual("", stops.Append("ND b"));
        Assert.AreEqual("END", stops.Found);
        Assert.AreEqual("", stops.Append("more"));
        Assert.AreEqual("", stops.Flush());
    }

    [TestMethod]
    public void The_stop_string_itself_is_shown_on_request()
    {
        StopStrings stops = new(["END"], includeStop: true);
        Assert.AreEqual("aEND", stops.Append("aENDb"));
    }

    [TestMethod]
    public void What_only_began_like_a_stop_string_is_shown_at_the_end()
    {
        StopStrings stops = new(["END"]);
        Assert.AreEqual("a", stops.Append("aEN"));
        Assert.AreEqual("EN", stops.Flush());
        Assert.IsNull(stops.Found);
    }

    [TestMethod]
    public void Of_stop_strings_complete_at_one_character_the_longest_is_found()
    {
        StopStrings stops = new(["c", "abc", "bc"]);
        Assert.AreEqual("x", stops.Append("xabcd"));
        Assert.AreEqual("abc", stops.Found);
    }

    [TestMethod]
    public void The_stop_string_that_is_complete_first_is_found()
    {
        StopStrings stops = new(["abc", "b"]);
        Assert.AreEqual("a", stops.Append("abc"));
        Assert.AreEqual("b", stops.Found);
    }

    [TestMethod]
    public void Without_stop_strings_text_passes() => Assert.AreEqual("text", new StopStrings([]).Append("text"));

    [TestMethod]
    public void An_empty_stop_string_is_refused() => Assert.ThrowsExactly<ArgumentException>(() => new StopStrings(["a", ""]));

    [TestMethod]
    public void Every_chunking_shows_what_the_definition_says() =>
        Gen.Select(Gen.String["ab"].Array[0, 12], s_stops.Array[0, 4], Gen.Bool).Sample((chunks, stops, include) =>
        {
            StopStrings search = new(stops, include);
            string shown = string.Concat(chunks.Select(search.Append)) + search.Flush();
            (string expected, string? found) = Define(string.Concat(chunks), stops, include);
            return shown == expected && search.Found == found;
        }, iter: Soak.Times(5_000));

    [TestMethod]
    public void Nothing_is_held_back_that_cannot_become_a_stop_string() =>
        Gen.Select(Gen.String[Gen.Char["ab"], 0, 12], s_stops).Sample((text, stop) =>
        {
            StopStrings search = new([stop]);
            string shown = search.Append(text);
            if (search.Found is not null)
                return true;
            int held = Enumerable.Range(0, Math.Min(stop.Length, text.Length + 1))
                .Last(n => text.EndsWith(stop[..n], StringComparison.Ordinal));
            return shown.Length == text.Length - held;
        }, iter: Soak.Times(5_000));

    private static (string Shown, string? Found) Define(string text, string[] stops, bool include)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? found = stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).MaxBy(s => s.Length);
            if (found is not null)
                return (text[..(include ? end : end - found.Length)], found);
        }

        return (text, null);
    }
}
