using System.Text.Json;
using CsCheck;
using Glm5.Core.Chat.Output;

namespace Glm5.Tests.Unit.Chat.Output;

[TestClass]
public sealed class ArgumentTypeTests
{
    private static readonly Gen<string> s_almostJson = Gen.String[Gen.Char["[]{}\",:01tnul \\eE.-"], 0, 12];

    [TestMethod]
    [DataRow("""{"type": "string"}""", "5", "\"5\"")]
    [DataRow("""{"type": "string"}""", "\"x\"", "\"\\\"x\\\"\"")]
    [DataRow("""{"type": "integer"}""", " 5 ", "5")]
    [DataRow("""{"type": "integer"}""", "\"5\"", "5")]
    [DataRow("""{"type": "integer"}""", "five", "\"five\"")]
    [DataRow("""{"type": "integer"}""", "1.5", "1.5")]
    [DataRow("""{"type": "integer"}""", "007", "\"007\"")]
    [DataRow("""{"type": "integer"}""", "Infinity", "\"Infinity\"")]
    [DataRow("""{"type": "integer"}""", "123456789012345678901234567890", "123456789012345678901234567890")]
    [DataRow("""{"type": "number"}""", "1.10", "1.10")]
    [DataRow("""{"type": "boolean"}""", "true", "true")]
    [DataRow("""{"type": "boolean"}""", "False", "false")]
    [DataRow("""{"type": "boolean"}""", "yes", "\"yes\"")]
    [DataRow("""{"type": "null"}""", "None", "null")]
    [DataRow("""{"type": "array"}""", "[1, \"a\", {\"b\": null}]", "[1, \"a\", {\"b\": null}]")]
    [DataRow("""{"type": "array"}""", "\"[1]\"", "[1]")]
    [DataRow("""{"type": "array"}""", "[1", "\"[1\"")]
    [DataRow("""{"type": "object"}""", "{\"b\": 1.10, \"a\": \"007\"}", "{\"b\": 1.10, \"a\": \"007\"}")]
    [DataRow("""{"type": "object"}""", "{'a': 1}", "\"{'a': 1}\"")]
    [DataRow("""{"type": ["integer", "null"]}""", "null", "null")]
    [DataRow("""{"type": ["integer", "null"]}""", "None", "null")]
    [DataRow("""{"type": "integer", "nullable": true}""", "null", "null")]
    [DataRow("""{"type": "string", "nullable": true}""", "null", "null")]
    [DataRow("""{"type": "string", "nullable": true}""", "5", "\"5\"")]
    [DataRow("""{"anyOf": [{"type": "string"}, {"type": "integer"}]}""", "5", "5")]
    [DataRow("""{"anyOf": [{"type": "string"}, {"type": "integer"}]}""", "5.5", "\"5.5\"")]
    [DataRow("""{"anyOf": [{"type": "string"}, {"type": "integer"}]}""", "five", "\"five\"")]
    [DataRow("""{"oneOf": [{"type": "array"}, {"type": "string"}]}""", "[1]", "[1]")]
    [DataRow("""{"oneOf": [{"type": "array"}, {"type": "string"}]}""", "{\"a\": 1}", "\"{\\\"a\\\": 1}\"")]
    [DataRow("""{"allOf": [{"type": ["string", "integer"]}, {"type": "string"}]}""", "5", "\"5\"")]
    [DataRow("""{"enum": ["1", "2"]}""", "1", "\"1\"")]
    [DataRow("""{"enum": ["1", 2]}""", "1", "\"1\"")]
    [DataRow("""{"enum": ["1", 2]}""", "2", "2")]
    [DataRow("""{"enum": ["auto", null]}""", "null", "null")]
    [DataRow("""{"const": "5"}""", "5", "\"5\"")]
    [DataRow("""{"const": 5}""", "5", "5")]
    [DataRow("""{"$ref": "#/$defs/text"}""", "5", "\"5\"")]
    [DataRow("""{"$ref": "#/$defs/chain"}""", "5", "\"5\"")]
    [DataRow("""{"$ref": "#/$defs/a~1b%20c"}""", "5", "\"5\"")]
    [DataRow("""{"$ref": "#/$defs/list/0"}""", "5", "\"5\"")]
    [DataRow("""{"$ref": "#/$defs/nowhere"}""", "5", "5")]
    [DataRow("""{"$ref": "#/$defs/circle"}""", "5", "5")]
    [DataRow("""{"$ref": "#/$defs/explosion"}""", "5", "5")]
    [DataRow("""{"$ref": "http://example.org/"}""", "5", "5")]
    [DataRow("""{"properties": {"a": {}}}""", "{}", "{}")]
    [DataRow("""{"items": {}}""", "\"[]\"", "[]")]
    [DataRow("{}", "5", "5")]
    [DataRow("{}", "\"five\"", "\"five\"")]
    [DataRow("{}", "five", "\"five\"")]
    [DataRow("{}", "True", "\"True\"")]
    [DataRow("{}", "", "\"\"")]
    [DataRow("true", "5", "5")]
    [DataRow("false", "5", "5")]
    [DataRow("[1]", "5", "5")]
    [DataRow("""{"type": 7, "enum": 3, "anyOf": {}, "$ref": []}""", "5", "5")]
    [DataRow("""{"type": "\ud800"}""", "5", "5")]
    [DataRow("{}", "{\"a\": \"\\ud800\"}", "\"{\\\"a\\\": \\\"\\\\ud800\\\"}\"")]
    public void A_value_is_what_its_schema_says(string schema, string text, string expected)
    {
        JsonElement parameters = Answers.Tools($$$"""
            {"type": "object", "properties": {"x": {{{schema}}} }, "$defs": {
              "text": {"type": "string"}, "chain": {"$ref": "#/$defs/text"}, "a/b c": {"type": "string"}, "list": [{"type": "string"}],
              "circle": {"$ref": "#/$defs/circle"},
              "explosion": {"anyOf": [{"$ref": "#/$defs/explosion"}, {"$ref": "#/$defs/explosion"}]} } }
            """);
        string json = ArgumentValue.ToJson(text, SchemaReader.TypeOf(parameters, "x"));
        Assert.AreEqual(expected, json);
        using JsonDocument parsed = JsonDocument.Parse(json);
    }

    [TestMethod]
    [DataRow("""{"properties": {"x": {"type": "string"}}}""")]
    [DataRow("""{"allOf": [{"properties": {"x": {"type": "string"}}}, {"properties": {"y": {}}}]}""")]
    [DataRow("""{"anyOf": [{"properties": {"x": {"type": "string"}}}, {"properties": {"y": {"type": "integer"}}}]}""")]
    [DataRow("""{"oneOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"properties": {"x": {"const": "s"}}}}}""")]
    [DataRow("""{"$ref": "#/definitions/a", "definitions": {"a": {"properties": {"x": {"enum": ["s"]}}}}}""")]
    [DataRow("""{"additionalProperties": {"type": "string"}}""")]
    public void A_property_is_found_wherever_the_schema_mentions_it(string parameters) =>
        Assert.AreEqual(JsonKinds.String, SchemaReader.TypeOf(Answers.Tools(parameters), "x").Kinds);

    [TestMethod]
    [DataRow("{}")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("""{"properties": []}""")]
    [DataRow("""{"properties": {"x": {"allOf": [{"type": "string"}, {"type": "integer"}]}}}""")]
    public void A_property_of_which_nothing_sound_is_said_may_be_anything(string parameters) =>
        Assert.AreEqual(JsonKinds.Any, SchemaReader.TypeOf(Answers.Tools(parameters), "x").Kinds);

    [TestMethod]
    [DataRow("""[{"type": "function", "function": {"name": "f", "parameters": {"properties": {"x": {"type": "string"}}}}}]""")]
    [DataRow("""[{"type": "function", "name": "f", "parameters": {"properties": {"x": {"type": "string"}}}}]""")]
    [DataRow("""[{"name": "f", "input_schema": {"properties": {"x": {"type": "string"}}}}]""")]
    [DataRow("""[7, null, {}, {"name": 7}, {"name": "\ud800"}, {"name": "f", "input_schema": {"properties": {"x": {"type": "string"}}}}]""")]
    public void Tools_are_read_in_the_forms_of_the_APIs(string tools) =>
        Assert.AreEqual(JsonKinds.String, new ToolSchemas(Answers.Tools(tools)).TypeOf("f", "x").Kinds);

    [TestMethod]
    public void Text_in_JSON_strings_comes_back() =>
        Gen.String.Select(t => Tokenization.Tokenizers.WellFormed(t)).Sample(
            text => JsonDocument.Parse(JsonText.Quote(text)).RootElement.GetString() == text, iter: Soak.Times(2_000));

    [TestMethod]
    public void Any_text_becomes_valid_JSON_of_any_type() =>
        Gen.Select(Gen.OneOf(Gen.String, s_almostJson), Gen.Int[1, (int)JsonKinds.Any]).Sample((text, kinds) =>
        {
            ArgumentType type = new((JsonKinds)kinds, []);
            string json = ArgumentValue.ToJson(Tokenization.Tokenizers.WellFormed(text), type);
            using JsonDocument parsed = JsonDocument.Parse(json);
        }, iter: Soak.Times(10_000));
}
