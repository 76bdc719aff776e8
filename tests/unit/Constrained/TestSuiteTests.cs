using System.Text.Encodings.Web;
using System.Text.Json;
using Glm5.Core.Constrained;

namespace Glm5.Tests.Unit.Constrained;

/// <summary>
/// The JSON Schema Test Suite: no answer under a schema's masks is a value that the suite calls invalid, and a schema that cannot
/// be held to is refused by the place of its keyword.
/// </summary>
/// <remarks>
/// The other way round is not promised (decision 13): what a schema does not mention is not written, members come in its order,
/// and a schema that speaks of one kind of value asks for that kind. So some of the values that the suite calls valid are no
/// answers. How many is pinned for each file, so that a change shows.
/// </remarks>
[TestClass]
public sealed class TestSuiteTests
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="file">One of the suite's, a keyword or a few mostly.</param>
    /// <param name="held">Schemas that answers are held to.</param>
    /// <param name="refused">Schemas that are refused.</param>
    /// <param name="admitted">Valid values that answers can be.</param>
    /// <param name="others">Valid values that answers cannot be.</param>
    [TestMethod]
    [DataRow("additionalProperties", 8, 1, 8, 4)]
    [DataRow("allOf", 10, 2, 8, 2)]
    [DataRow("anchor", 0, 4, 0, 0)]
    [DataRow("anyOf", 7, 1, 11, 1)]
    [DataRow("boolean_schema", 1, 1, 9, 0)]
    [DataRow("const", 17, 0, 17, 5)]
    [DataRow("contains", 0, 7, 0, 0)]
    [DataRow("content", 4, 0, 18, 0)]
    [DataRow("default", 3, 0, 6, 0)]
    [DataRow("defs", 0, 1, 0, 0)]
    [DataRow("dependentRequired", 0, 4, 0, 0)]
    [DataRow("dependentSchemas", 0, 4, 0, 0)]
    [DataRow("dynamicRef", 0, 21, 0, 0)]
    [DataRow("enum", 14, 1, 18, 4)]
    [DataRow("exclusiveMaximum", 1, 0, 1, 1)]
    [DataRow("exclusiveMinimum", 1, 0, 1, 1)]
    [DataRow("format", 19, 0, 91, 42)]
    [DataRow("if-then-else", 0, 12, 0, 0)]
    [DataRow("infinite-loop-detection", 1, 0, 1, 0)]
    [DataRow("items", 10, 0, 14, 3)]
    [DataRow("maxContains", 0, 5, 0, 0)]
    [DataRow("maxItems", 2, 0, 3, 1)]
    [DataRow("maxLength", 2, 0, 4, 1)]
    [DataRow("maxProperties", 3, 0, 4, 3)]
    [DataRow("maximum", 2, 0, 5, 1)]
    [DataRow("minContains", 0, 8, 0, 0)]
    [DataRow("minItems", 2, 0, 3, 1)]
    [DataRow("minLength", 2, 0, 3, 1)]
    [DataRow("minProperties", 2, 0, 3, 5)]
    [DataRow("minimum", 2, 0, 6, 2)]
    [DataRow("multipleOf", 1, 4, 1, 1)]
    [DataRow("not", 0, 9, 0, 0)]
    [DataRow("oneOf", 10, 1, 12, 0)]
    [DataRow("pattern", 2, 1, 2, 6)]
    [DataRow("patternProperties", 2, 4, 3, 3)]
    [DataRow("prefixItems", 4, 0, 6, 3)]
    [DataRow("properties", 5, 1, 6, 6)]
    [DataRow("propertyNames", 6, 0, 12, 5)]
    [DataRow("ref", 18, 18, 19, 2)]
    [DataRow("refRemote", 0, 15, 0, 0)]
    [DataRow("required", 5, 0, 4, 8)]
    [DataRow("type", 11, 0, 20, 1)]
    [DataRow("unevaluatedItems", 0, 29, 0, 0)]
    [DataRow("unevaluatedProperties", 0, 44, 0, 0)]
    [DataRow("uniqueItems", 3, 3, 23, 4)]
    [DataRow("vocabulary", 2, 0, 2, 1)]
    public void No_answer_is_what_the_suite_calls_invalid(string file, int held, int refused, int admitted, int others)
    {
        (int Held, int Refused, int Admitted, int Others) seen = default;
        using var suite = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Data("json-schema-test-suite", $"{file}.json")));
        foreach (JsonElement group in suite.RootElement.EnumerateArray())
        {
            if (Compile(group) is not { } grammar)
            {
                seen.Refused++;
                continue;
            }

            seen.Held++;
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                string data = JsonSerializer.Serialize(test.GetProperty("data"), s_plain);
                bool admits = grammar.Admits(data), isValid = test.GetProperty("valid").GetBoolean();
                Assert.IsTrue(isValid || !admits || FitsSeveralBranches(group, test), $"{group.GetProperty("description")}: {data} is admitted");
                seen.Admitted += admits && isValid ? 1 : 0;
                seen.Others += !admits && isValid ? 1 : 0;
            }
        }

        Assert.AreEqual((held, refused, admitted, others), seen);
    }

    [TestMethod]
    public void All_of_the_suites_files_are_looked_at()
    {
        string[] files = [.. Directory.EnumerateFiles(RepositoryFiles.Data("json-schema-test-suite"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file))];
        string[] rows = [.. typeof(TestSuiteTests).GetMethod(nameof(No_answer_is_what_the_suite_calls_invalid))!
            .GetCustomAttributes(typeof(DataRowAttribute), inherit: false).Select(row => (string)((DataRowAttribute)row).Data[0]!)];
        CollectionAssert.AreEquivalent(files, rows);
    }

    /// <summary>Null for a schema that is refused, with what is in the way and where.</summary>
    private static Grammar? Compile(JsonElement group)
    {
        try
        {
            return Grammar.JsonSchema(group.GetProperty("schema"));
        }
        catch (GrammarException refusal)
        {
            Assert.IsTrue(
                refusal.Location.StartsWith('#') || refusal.Message.StartsWith("no answer can have this form", StringComparison.Ordinal),
                $"{group.GetProperty("description")}: {refusal.Message}");
            return null;
        }
    }

    /// <summary>Whether it is invalid because several branches of a oneOf take it, which counts as anyOf here.</summary>
    private static bool FitsSeveralBranches(JsonElement group, JsonElement test)
    {
        JsonElement schema = group.GetProperty("schema"), value = test.GetProperty("data");
        return schema.TryGetProperty("oneOf", out JsonElement branches)
            && branches.EnumerateArray().Count(branch => new SchemaCheck(schema).Passes(branch, value)) > 1;
    }
}
