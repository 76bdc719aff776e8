using System.Text;
using Glm5.Core.Constrained.Automaton;

namespace Glm5.Core.Constrained.Text;

/// <summary>How characters stand in an answer.</summary>
internal enum TextForm
{
    /// <summary>As they are.</summary>
    Raw,

    /// <summary>Inside of a JSON string: quotes, backslashes and controls in their shortest escape, all others as they
    /// are.</summary>
    Json,
}

/// <summary>Puts an automaton over characters into a grammar, which is over bytes.</summary>
internal static class TextStates
{
    private const int FirstPrintable = 0x20;

    /// <summary>Adds the automaton's texts between two states.</summary>
    public static void Add(GrammarBuilder builder, CharAutomaton automaton, int from, int to, TextForm form)
    {
        int[] states = new int[automaton.States];
        for (int state = 0; state < states.Length; state++)
        {
            states[state] = builder.NewState();
            if (automaton.IsEnd(state))
                builder.Empty(states[state], to);
        }

        builder.Empty(from, states[0]);
        for (int state = 0; state < states.Length; state++)
        {
            foreach (CharEdge edge in automaton.EdgesOf(state))
                AddRange(builder, edge.Range, states[state], states[edge.To], form);
        }
    }

    /// <summary>Adds one character of a range between two states.</summary>
    public static void AddRange(GrammarBuilder builder, CharRange range, int from, int to, TextForm form)
    {
        if (form == TextForm.Raw)
        {
            AddBytes(builder, range, from, to);
            return;
        }

        int plain = range.Low;
        for (int character = range.Low; character <= Math.Min(range.High, '\\'); character++)
        {
            if (character is >= FirstPrintable and not ('"' or '\\'))
                continue;
            AddBytes(builder, new CharRange(plain, character - 1), from, to);
            builder.Empty(builder.Literal(from, Encoding.ASCII.GetBytes(Escape((char)character))), to);
            plain = character + 1;
        }

        AddBytes(builder, range with { Low = plain }, from, to);
    }

    private static void AddBytes(GrammarBuilder builder, CharRange range, int from, int to)
    {
        if (range.Low > range.High)
            return;
        foreach (CharRange[] bytes in Utf8Ranges.Split(range))
        {
            int at = from;
            for (int i = 0; i < bytes.Length; i++)
            {
                int next = i == bytes.Length - 1 ? to : builder.NewState();
                builder.Bytes(at, (byte)bytes[i].Low, (byte)bytes[i].High, next);
                at = next;
            }
        }
    }

    private static string Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => $"\\u{(int)character:x4}",
    };
}
