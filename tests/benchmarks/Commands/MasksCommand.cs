using System.CommandLine;
using System.Text.Json;
using Glm5.Benchmarks.Machine;
using Glm5.Benchmarks.Speed;
using Glm5.Core.Constrained;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>masks</c>: what holding an answer to a form costs each of its steps.</summary>
internal static class MasksCommand
{
    private const int Rounds = 15;

    private static readonly (string Name, Func<Grammar> Compile, string Answer)[] s_forms =
    [
        ("any object", Grammar.JsonObject, """{"name": "Plato", "tags": ["a", "b"], "more": {"x": [1, 2.5, null]}}"""),
        ("a schema", () => Schema("""
            {"type": "object", "properties": {"name": {"type": "string"}, "short": {"type": "string", "maxLength": 40},
            "size": {"enum": ["small", "medium", "large"]}, "tags": {"type": "array", "items": {"type": "string"}},
            "when": {"type": "string", "pattern": "^\\d{4}-\\d{2}$"}, "more": {"type": "object"}}, "required": ["name"]}
            """), """{"name": "Plato of Athens", "short": "a pupil", "size": "large", "tags": ["x"], "when": "2024-05"}"""),
        ("a recursive schema", () => Schema("""
            {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer",
            "minimum": 0, "maximum": 5000}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "required": ["value", "next"]}}}
            """), """{"value": 12, "next": {"value": 4999, "next": {"value": 0, "next": null}}}"""),
        ("a pattern", () => Grammar.Regex("[A-Z][a-z]+( [A-Z][a-z]+)*, (19|20)[0-9]{2}"), "Ada Lovelace, 1952"),
        ("a choice of 1,000", () => Grammar.Choice([.. Enumerable.Range(0, 1000).Select(i => $"choice {i}")]), "choice 617"),
    ];

    public static Command Create()
    {
        Command command = new(
            "masks",
            $"Time the masks of answers with a form, over a made vocabulary of {SyntheticVocabulary.Size} tokens; prints JSON.");
        command.SetAction(parsed =>
        {
            GrammarVocabulary vocabulary = SyntheticVocabulary.Build();
            List<MaskedAnswer> results = [];
            foreach ((string name, Func<Grammar> compile, string answer) in s_forms)
            {
                results.Add(MaskTimes.Measure(name, compile, answer, vocabulary, Rounds));
                parsed.InvocationConfiguration.Error.WriteLine(
                    $"{name,-20} new {results[^1].NewMaskMicroseconds}, known {results[^1].StepMicroseconds} us a step");
            }

            parsed.InvocationConfiguration.Output.WriteLine(ResultFile.Of("masks", masked: results).ToJson());
            return 0;
        });
        return command;
    }

    private static Grammar Schema(string text)
    {
        using var document = JsonDocument.Parse(text);
        return Grammar.JsonSchema(document.RootElement.Clone());
    }
}
