using System.Text.Json;
using CsCheck;
using Glm5.Core.Chat;
using Glm5.Core.Chat.Output;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Chat.Output;

/// <summary>Whatever a model writes: the cuts between pieces do not matter, and arguments are JSON objects.</summary>
[TestClass]
public sealed class OutputInvariantTests
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private static readonly Gen<string> s_pieces = Gen.Frequency(
        (6, Gen.OneOf("<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<think>", "</think>")),
        (4, Gen.OneOf("get_weather", "now", "city", "days", "where", "note", "mixed", "unit", "other")),
        (4, Gen.OneOf(
            "Paris", "12", "1.5e3", "null", "nul", "true", "True", "None", "{\"a\": [1, \"b\"]}", "[1,", "\"x\"", "-",
            "\"\\ud800\"")),
        (3, Gen.OneOf(" ", "\n", "\r\n", "\t", "\0", "\"", "\\", "{", "}", "é", "😀", "a b")),
        (4, Gen.OneOf(
            "<tool_call>get_weather<arg_key>city</arg_key><arg_value>", "</arg_value><arg_key>days</arg_key><arg_value>",
            "</arg_value><arg_key>note</arg_key><arg_value>", "</arg_value></tool_call>", "</arg_key><arg_value>")));

    private static readonly Gen<(string Answer, bool Thinks)> s_answers =
        Gen.Select(
            s_pieces.Array[0, 30], Gen.OneOf("<|user|>", ""), Gen.Bool,
            (pieces, end, thinks) => (string.Concat(pieces) + end, thinks));

    private static readonly Gen<int[]> s_ids =
        Gen.OneOf(Gen.Int[0, 1290], Gen.Int[1259, 1279], Gen.Int[1270, 1279]).Array[0, 60];

    [TestMethod]
    public void Every_chunking_gives_the_same_answer() =>
        Gen.Select(s_answers, Gen.Int[1, 60].Array[0, 30], Gen.Bool).Sample((answer, steps, hasTools) =>
        {
            int at = 0;
            int[] cuts = [.. steps.Select(s => at += s)];
            int[] everywhere = [.. Enumerable.Range(0, answer.Answer.Length)];
            string? tools = hasTools ? Answers.Weather : null;
            string whole = Answers.OfPieces(answer.Answer, [], tools, answer.Thinks);
            return whole == Answers.OfPieces(answer.Answer, cuts, tools, answer.Thinks)
                && whole == Answers.OfPieces(answer.Answer, everywhere, tools, answer.Thinks);
        }, iter: Soak.Times(5_000));

    [TestMethod]
    public void Every_choice_of_tokens_gives_the_same_answer() =>
        s_answers.Sample(
            answer => Answers.OfTokens(answer.Answer, startsInReasoning: answer.Thinks)
                == Answers.OfPieces(Tokenizers.WellFormed(answer.Answer), [], startsInReasoning: answer.Thinks),
            iter: Soak.Times(5_000));

    [TestMethod]
    public void Listed_answers_do_not_depend_on_one_or_two_cuts()
    {
        foreach ((string answer, string expected) in ChatOutputTests.Plain)
        {
            // The only end token that this way in knows.
            if (answer.EndsWith("|>", StringComparison.Ordinal) && !answer.EndsWith("<|user|>", StringComparison.Ordinal))
                continue;
            for (int first = 0; first <= answer.Length; first++)
            {
                for (int second = first; second <= answer.Length; second += 7)
                    Assert.AreEqual(expected, Answers.OfPieces(answer, [first, second]));
            }
        }
    }

    [TestMethod]
    public void Arguments_are_JSON_objects_wherever_the_answer_ends() =>
        Gen.Select(s_answers, Gen.Double[0, 1]).Sample((answer, at) =>
        {
            int[] tokens = Tokenizers.Nano.Encode(answer.Answer);
            foreach (int end in new[] { tokens.Length, (int)(at * tokens.Length) })
            {
                ChatOutput output = new(Tokenizers.Nano, Answers.Tools(Answers.Weather), answer.Thinks);
                List<OutputPart> parts = [];
                foreach (int token in tokens.AsSpan(0, end))
                    output.Append(token, parts);
                output.Finish(parts);
                AssertSound(parts);
            }
        }, iter: Soak.Times(5_000));

    [TestMethod]
    public void Any_ids_give_sound_parts() =>
        Gen.Select(s_ids, Gen.Bool).Sample((ids, thinks) =>
        {
            ChatOutput output = new(Tokenizers.Nano, Answers.Tools(Answers.Weather), thinks);
            List<OutputPart> parts = [];
            foreach (int id in ids)
                output.Append(id, parts);
            output.Finish(parts);
            AssertSound(parts);
        }, iter: Soak.Times(10_000));

    [TestMethod]
    public void Text_outside_of_calls_is_not_lost() =>
        s_answers.Sample(answer =>
        {
            List<OutputPart> parts = [];
            OutputMachine machine = new(null, answer.Thinks);
            machine.Text(answer.Answer, parts);
            machine.Finish(complete: false, parts);
            return string.Concat(parts.Select(p => p.Text)) == answer.Answer;
        }, iter: Soak.Times(1_000));

    private static void AssertSound(List<OutputPart> parts)
    {
        Answers.Describe(parts);
        foreach (string arguments in Answers.Arguments(parts))
        {
            using var document = JsonDocument.Parse(arguments, s_strict);
            Assert.AreEqual(JsonValueKind.Object, document.RootElement.ValueKind, arguments);
        }

        Assert.HasCount(parts.Count(p => p.Kind == OutputKind.ToolCallName), Answers.Arguments(parts));
    }
}
