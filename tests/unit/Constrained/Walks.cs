using System.Text;
using System.Text.Json;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Automaton;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Constrained;

/// <summary>Texts through grammars, and grammars through the trained model's vocabulary.</summary>
internal static class Walks
{
    private const int Longest = 20_000;
    private static readonly Lazy<GrammarVocabulary> s_nano = new(() => new GrammarVocabulary(Tokenizers.Nano, 1280));

    public static GrammarVocabulary Nano => s_nano.Value;

    public static Grammar Schema(string schema)
    {
        using var document = JsonDocument.Parse(schema);
        return Grammar.JsonSchema(document.RootElement);
    }

    public static bool Admits(this Grammar grammar, string text)
    {
        var states = new GrammarStates(grammar);
        return states.Step(states.Start, Encoding.UTF8.GetBytes(text)).CanEnd;
    }

    /// <summary>The first byte at which a text leaves the grammar; its length when it does not.</summary>
    public static int Fits(this Grammar grammar, string text)
    {
        var states = new GrammarStates(grammar);
        GrammarState state = states.Start;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < bytes.Length; i++)
        {
            state = states.Step(state, bytes[i]);
            if (state.IsDead)
                return i;
        }

        return bytes.Length;
    }

    /// <summary>
    /// A random answer under the grammar's masks: any allowed token for a while, then what closes. Calls back at every
    /// position.
    /// </summary>
    public static string Random(TokenGrammar grammar, int seed, int wander = 60, Action<GrammarState>? at = null)
    {
        var random = new Random(seed);
        var bytes = new List<byte>();
        GrammarState state = grammar.Start;
        for (int step = 0; step < Longest; step++)
        {
            at?.Invoke(state);
            AllowedTokens allowed = grammar.Allowed(state);
            if (state.CanEnd && (allowed.Count == 0 || step >= wander || random.Next(8) == 0))
                return Encoding.UTF8.GetString([.. bytes]);
            Assert.AreNotEqual(0, allowed.Count, $"nothing can follow {Encoding.UTF8.GetString([.. bytes])}");
            int token = Choose(allowed, random, step >= wander && random.Next(4) > 0);
            bytes.AddRange(Nano.TextOf(token));
            state = grammar.Step(state, token);
            Assert.IsFalse(state.IsDead);
        }

        throw new AssertFailedException($"no end after {Encoding.UTF8.GetString([.. bytes])[..200]}");
    }

    private static int Choose(AllowedTokens allowed, Random random, bool close)
    {
        int[] tokens = [.. Enumerable.Range(0, Nano.Size).Where(allowed.Contains)];
        foreach (byte closing in close ? "\"}]0"u8.ToArray() : [])
        {
            if (tokens.FirstOrDefault(token => Nano.TextOf(token) is [byte single] && single == closing, -1) is >= 0 and int found)
                return found;
        }

        return tokens[random.Next(tokens.Length)];
    }
}
