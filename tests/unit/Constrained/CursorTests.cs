using System.Text;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Automaton;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Constrained;

/// <summary>An answer's way through its grammar, token by token.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CursorTests
{
    private const string Schema = """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"]}""";
    private const string Answer = "{\"a\": \"the weather\", \"b\": -12}";
    private static readonly int s_end = Tokenizers.Nano.AddedTokenId("<|user|>")!.Value;

    [TestMethod]
    public void Known_masks_and_steps_allocate_nothing()
    {
        var grammar = new TokenGrammar(Walks.Schema(Schema), Walks.Nano);
        int[] tokens = [.. Tokenizers.Nano.Encode(Answer), s_end];
        float[] logits = new float[Walks.Nano.Size];
        Walk(new GrammarCursor(grammar, [s_end], bindsAfter: null), tokens, logits);
        var again = new GrammarCursor(grammar, [s_end], bindsAfter: null);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Walk(again, tokens, logits);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void What_is_foreseen_is_known_when_it_is_needed()
    {
        var grammar = new TokenGrammar(Walks.Schema(Schema), Walks.Nano);
        int[] tokens = [.. Tokenizers.Nano.Encode(Answer)];
        int bind = Tokenizers.Nano.AddedTokenId("</think>")!.Value;
        var cursor = new GrammarCursor(grammar, [s_end], bind);
        cursor.Foresee([bind, .. tokens, s_end, 5, -1]);
        GrammarState state = grammar.Start;
        foreach (int token in tokens)
        {
            Assert.IsNotNull(state.Allowed);
            state = grammar.Step(state, token);
        }

        Assert.IsFalse(cursor.Allows(s_end), "looking ahead has moved it");
    }

    [TestMethod]
    public void Foreseeing_from_another_thread_changes_no_choice()
    {
        int[] tokens = [.. Tokenizers.Nano.Encode(Answer)];
        for (int round = 0; round < Soak.Times(20); round++)
        {
            var grammar = new TokenGrammar(Walks.Schema(Schema), Walks.Nano);
            var cursor = new GrammarCursor(grammar, [s_end], bindsAfter: null);
            var other = new Thread(() =>
            {
                for (int i = 0; i < 50; i++)
                    cursor.Foresee([.. tokens[(i % tokens.Length)..], -1]);
            });
            other.Start();
            Walk(cursor, tokens, new float[Walks.Nano.Size]);
            other.Join();
            Assert.IsTrue(cursor.MustEnd);
        }
    }

    [TestMethod]
    public void Memory_of_endless_positions_stays_within_its_bound()
    {
        const int Length = 200_000;
        var states = new GrammarStates(Walks.Schema("""{"type":"string","maxLength":1000000}"""));
        GrammarState state = states.Step(states.Start, (byte)'"');
        for (int i = 0; i < Length; i++)
        {
            state = states.Step(state, (byte)'x');
            Assert.IsLessThan(2L * GrammarBounds.PositionBytes, states.Bytes);
        }

        Assert.IsGreaterThan(Length - 1, states.Found);
        Assert.IsTrue(states.Step(state, Encoding.UTF8.GetBytes("é\"")).IsOver);
    }

    private static void Walk(GrammarCursor cursor, int[] tokens, float[] logits)
    {
        foreach (int token in tokens)
        {
            Array.Clear(logits);
            cursor.Apply(logits);
            Assert.AreEqual(0, logits[token]);
            cursor.Accept(token);
        }
    }
}
