using System.Text;
using System.Text.Json;
using Glm5.Core.Constrained;

namespace Glm5.Tests.Unit.Constrained;

[TestClass]
public sealed class JsonSchemaTests
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static IEnumerable<object[]> Cases => SchemaCases.All.Select(c => new object[] { c });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Admits_values_in_their_form_and_nothing_else(SchemaCase one)
    {
        Grammar grammar = Walks.Schema(one.Schema);
        foreach (string good in one.Good)
        {
            Assert.AreEqual(Encoding.UTF8.GetByteCount(good), grammar.Fits(good), $"leaves the grammar: {good}");
            Assert.IsTrue(grammar.Admits(good), good);
            Assert.IsTrue(SchemaCheck.Passes(one.Schema, good), $"the case is wrong: {good}");
        }

        foreach (string bad in one.Bad)
            Assert.IsFalse(grammar.Admits(bad), bad);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Random_walks_under_the_masks_satisfy_the_schema(SchemaCase one)
    {
        var grammar = new TokenGrammar(Walks.Schema(one.Schema), Walks.Nano);
        for (int seed = 0; seed < Soak.Times(12); seed++)
        {
            string answer = Walks.Random(grammar, seed);
            Assert.IsTrue(SchemaCheck.Passes(one.Schema, answer), $"seed {seed}: {answer}");
        }
    }

    [TestMethod]
    [DataRow("""{"type":"object","properties":{"a":{"not":{}}}}""", "#/properties/a/not", "not is not implemented")]
    [DataRow("""{"type":"array","items":{"uniqueItems":true}}""", "#/items/uniqueItems", "uniqueItems is not implemented")]
    [DataRow("""{"type":"strng"}""", "#/type", "expected string")]
    [DataRow("""{"properties":{"a/b":{"pattern":"(?=x)"}}}""", "#/properties/a~1b/pattern", "look-around")]
    [DataRow("""{"$ref":"other.json"}""", "#/$ref", "the same schema")]
    [DataRow("""{"$ref":"#/$defs/x"}""", "#/$ref", "names nothing")]
    [DataRow("""{"$ref":"#"}""", "#", "refers to itself")]
    [DataRow("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", "#", "refers to itself")]
    [DataRow("""{"anyOf":[]}""", "#/anyOf", "at least one")]
    [DataRow("""{"minLength":-1}""", "#/minLength", "at least 0")]
    [DataRow("""{"multipleOf":0.01}""", "#/multipleOf", "whole numbers")]
    [DataRow("""{"items":3}""", "#/items", "expected a schema")]
    [DataRow("""{"requierd":["a"]}""", "#/requierd", "not implemented")]
    [DataRow("""{"properties":{"a":{}},"minProperties":1}""", "#", "minProperties")]
    [DataRow("""{"properties":{"a":{"type":"string","pattern":"^a+$","maxLength":100000}}}""", "#/properties/a", "too large")]
    [DataRow("false", "", "no answer")]
    [DataRow("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "", "no answer")]
    [DataRow("""{"enum":["\ud800"]}""", "#", "surrogate")]
    public void What_is_not_implemented_is_refused_by_its_place(string schema, string place, string sentence)
    {
        GrammarException refused = Assert.ThrowsExactly<GrammarException>(() => Walks.Schema(schema));
        Assert.AreEqual(place, refused.Location);
        Assert.Contains(sentence, refused.Message);
    }

    [TestMethod]
    public void Every_beginning_of_an_indented_document_fits()
    {
        const string Schema = """{"type":"object","properties":{"a":{"type":"array","items":{"type":"object"}},"b":{"type":"string"}}}""";
        using var document = JsonDocument.Parse("""{"a":[{"x":[1,2]},{}],"b":"text"}""");
        string indented = JsonSerializer.Serialize(document.RootElement, s_indented);
        Assert.IsTrue(Walks.Schema(Schema).Admits(indented), indented);
        Assert.IsTrue(Walks.Schema(Schema).Admits("\n" + indented), "after a line end");
    }
}
