using System.Diagnostics;
using System.Text;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Automaton;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Constrained;

[TestClass]
public sealed class MaskTests
{
    private static IEnumerable<object[]> Cases => SchemaCases.All.Select(c => new object[] { c });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_mask_is_what_trying_every_token_byte_by_byte_gives(SchemaCase one)
    {
        Grammar compiled = Walks.Schema(one.Schema);
        var grammar = new TokenGrammar(compiled, Walks.Nano);
        int looked = 0;
        for (int seed = 0; seed < 3; seed++)
        {
            Walks.Random(grammar, seed, wander: 20, at: state =>
            {
                if (looked++ < 40)
                    Compare(grammar, new GrammarStates(compiled), state);
            });
        }
    }

    [TestMethod]
    public void Bounded_strings_have_the_same_masks_as_trying_every_token()
    {
        Grammar compiled = Walks.Schema("""{"type":"string","maxLength":40}""");
        var grammar = new TokenGrammar(compiled, Walks.Nano);
        GrammarState state = grammar.Start;
        foreach (int token in Tokenizers.Nano.Encode("\"The weather in é" + new string('x', 24)))
        {
            Compare(grammar, new GrammarStates(compiled), state);
            state = grammar.Step(state, token);
        }

        Assert.IsFalse(state.IsDead);
        Compare(grammar, new GrammarStates(compiled), state);
    }

    [TestMethod]
    public void Tokens_that_are_no_text_are_never_allowed()
    {
        var grammar = new TokenGrammar(Grammar.Regex(@"[\s\S]*"), Walks.Nano);
        AllowedTokens allowed = grammar.Allowed(grammar.Start);
        for (int id = 0; id < Walks.Nano.Size; id++)
        {
            bool isText = Tokenizers.Nano.IsNamed(id) && !Tokenizers.Nano.IsAdded(id);
            Assert.IsTrue(isText || !allowed.Contains(id), $"{id}");
        }

        Assert.IsGreaterThan(1000, allowed.Count);
    }

    [TestMethod]
    public void Applying_a_mask_leaves_the_allowed_logits_and_no_others()
    {
        var random = new Random(3);
        foreach ((int size, int odds) in ((int, int)[])[(1280, 2), (1280, 50), (1281, 2), (1300, 1), (100, 3)])
        {
            ulong[] words = new ulong[(size + 63) / 64];
            for (int id = 0; id < size; id++)
                words[id / 64] |= random.Next(odds) == 0 ? 1UL << (id % 64) : 0;
            var allowed = new AllowedTokens(words);
            float[] logits = [.. Enumerable.Range(0, size).Select(id => (float)id)];
            allowed.Apply(logits);
            for (int id = 0; id < size; id++)
            {
                bool isSet = (words[id / 64] >> (id % 64) & 1) != 0;
                Assert.AreEqual(isSet, allowed.Contains(id));
                Assert.AreEqual(isSet ? id : float.NegativeInfinity, logits[id]);
            }

            float[] narrow = [.. Enumerable.Range(0, size).Select(id => (float)id)], wide = [.. narrow];
            AllowedTokens.Lay(words, narrow);
            AllowedTokens.LayWide(words, wide);
            CollectionAssert.AreEqual(narrow, wide);
            int whole = size / 64 * 64;
            for (int id = 0; id < size; id++)
                Assert.AreEqual(id >= whole || allowed.Contains(id) ? id : float.NegativeInfinity, narrow[id]);
        }
    }

    [TestMethod]
    public void Forgetting_changes_no_mask()
    {
        Grammar compiled = Walks.Schema("""{"type":"array","items":{"type":"object","additionalProperties":{"type":"string","maxLength":3000}}}""");
        var forgetful = new TokenGrammar(compiled, Walks.Nano);
        var states = new GrammarStates(compiled);
        GrammarState one = states.Start, other = states.Start;
        var fresh = new GrammarStates(compiled);
        other = fresh.Start;
        foreach (byte value in Encoding.UTF8.GetBytes("""[{"a":"xyz","b":"é"},{}, {"c":"d"}]"""))
        {
            one = states.Step(one, value);
            states.Forget();
            other = fresh.Step(other, value);
            Assert.AreEqual(other.IsDead, one.IsDead);
            Assert.AreEqual(other.CanEnd, one.CanEnd);
            Assert.AreEqual(forgetful.Allowed(other).Count, new TokenGrammar(compiled, Walks.Nano).Allowed(one).Count);
        }
    }

    [TestMethod]
    [DataRow("[ab]{0,400}a[ab]{400}")]
    [DataRow("(a{0,20}b{0,20}){0,20}c")]
    public void Monstrous_patterns_cost_long_tokens_and_little_time(string pattern)
    {
        long began = Stopwatch.GetTimestamp();
        var grammar = new TokenGrammar(Grammar.Regex(pattern), Walks.Nano);
        GrammarState state = grammar.Start;
        for (int i = 0; i < 30; i++)
        {
            Assert.IsTrue(grammar.Allowed(state).Contains(Tokenizers.ByteId((byte)'a')));
            state = grammar.Step(state, Tokenizers.ByteId((byte)(i % 3 == 0 ? 'b' : 'a')));
        }

        Assert.IsLessThan(20, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    [TestMethod]
    public void Deep_nesting_and_huge_enums_stay_small()
    {
        var deep = new TokenGrammar(Walks.Schema("""{"type":"array","items":{"$ref":"#"}}"""), Walks.Nano);
        GrammarState state = deep.Start;
        for (int i = 0; i < 5_000; i++)
            state = deep.Step(state, Tokenizers.ByteId((byte)'['));
        for (int i = 0; i < 5_000; i++)
            state = deep.Step(state, Tokenizers.ByteId((byte)']'));
        Assert.IsTrue(state.CanEnd && state.IsOver);

        string many = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"choice {i * 7919 % 100_003}\""));
        var huge = new TokenGrammar(Walks.Schema($$"""{"enum":[{{many}}]}"""), Walks.Nano);
        Assert.IsTrue(many.Contains(Walks.Random(huge, 1).Trim(), StringComparison.Ordinal));
    }

    private static void Compare(TokenGrammar grammar, GrammarStates states, GrammarState state)
    {
        AllowedTokens allowed = grammar.Allowed(state);
        for (int id = 0; id < Walks.Nano.Size; id++)
        {
            ReadOnlySpan<byte> text = Walks.Nano.TextOf(id);
            bool expected = Walks.Nano.IsTag(id, out OutputTag tag)
                ? !states.Step(state, tag).IsDead
                : !text.IsEmpty && !states.Step(state, text).IsDead;
            Assert.AreEqual(expected, allowed.Contains(id), $"token {id} '{Encoding.UTF8.GetString(text)}'");
        }
    }
}
