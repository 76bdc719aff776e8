using System.Text;
using Glm5.Core;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained;

namespace Glm5.Tests.Unit.Engine;

/// <summary>A form over the fifty tokens of a <see cref="FakeStepRunner"/>: letters, pairs of them, and two tags.</summary>
internal static class FakeForm
{
    /// <summary>Ends reasoning.</summary>
    public const int Close = 48;

    /// <summary>Ends the answer; it is no text.</summary>
    public const int End = 49;

    private static readonly Lazy<TokenGrammar> s_words =
        new(() => new TokenGrammar(Grammar.Regex("([a-f]{1,3}x|(gh)+y){4,12}z"), Vocabulary()));

    /// <summary>The request with the form; every second one reasons before it, and no longer than its budget.</summary>
    public static GenerationRequest Hold(GenerationRequest request, int seed) => request with
    {
        StopIds = [End],
        Grammar = s_words.Value,
        GrammarAfter = seed % 2 == 0 ? Close : null,
        Thinking = seed % 2 == 0 ? new ThinkingBudget(seed % 7, Close, CallId: null) : null,
    };

    /// <summary>The text of an answer, its end left out.</summary>
    public static string Text(IEnumerable<int> answer)
    {
        GrammarVocabulary vocabulary = s_words.Value.Vocabulary;
        return string.Concat(answer.Select(token => Encoding.UTF8.GetString(vocabulary.TextOf(token))));
    }

    private static GrammarVocabulary Vocabulary()
    {
        byte[]?[] texts = new byte[]?[50];
        for (int id = 0; id < Close; id++)
        {
            string text = id < 26 ? $"{(char)('a' + id)}" : $"{(char)('a' + (id % 26))}{(char)('a' + (id * 7 % 26))}";
            texts[id] = Encoding.ASCII.GetBytes(text);
        }

        return new GrammarVocabulary(texts, [.. Enumerable.Repeat(-1, OutputTags.Count)], 50);
    }
}
