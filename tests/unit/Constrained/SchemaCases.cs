namespace Glm5.Tests.Unit.Constrained;

/// <summary>A schema, values in the form that answers have, and texts that are none.</summary>
public sealed record SchemaCase(string Name, string Schema, string[] Good, string[] Bad)
{
    public override string ToString() => Name;
}

/// <summary>Schemas that tests share.</summary>
internal static class SchemaCases
{
    public static IReadOnlyList<SchemaCase> All { get; } =
    [
        new("any object", """{"type": "object"}""",
            ["{}", """{"a": 1}""", """{"a":[1,{"b":null}],"c":"d\n\u00e9\ud83d\ude00"}""", "{\n  \"a\": -1.5e+3\n}"],
            ["", "[]", "{", "1", """{"a"}""", """{"a":01}""", """{"a":"\ud83d"}""", """{"a":1,}""", """{"a":1} """, "{\"a\":\"\n\"}"]),
        new("anything", "true",
            ["null", "0", "-0.5", "\"\"", "[]", "[[[]]]", "false"], ["nul", "+1", ".5", "1.", "[,]", "'a'"]),
        new("required and optional members",
            """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{"type":"null"}},"required":["b"],"additionalProperties":false}""",
            ["""{"a": 1, "b": "x", "c": null}""", """{"b":""}""", """{"a":-3,"b":"y"}""", """{"b":"y","c":null}"""],
            ["{}", """{"a":1}""", """{"b":1}""", """{"b":"","d":1}""", """{"b":"","a":1}""", """{"a":1.5,"b":""}"""]),
        new("optional members alone",
            """{"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"boolean"}}}""",
            ["{}", """{"a":true}""", """{"b": false}""", """{"a":true,"b":false}"""], ["{,}", """{"a":true,}""", """{"c":1}"""]),
        new("members beside the named",
            """{"type":"object","properties":{"ab":{"type":"integer"}},"additionalProperties":{"type":"string"}}""",
            ["""{"ab":1}""", """{"ab":1,"a":"x","abc":"y"}""", """{"b":"x"}""", """{"é":"x"}"""],
            ["""{"a":1}""", """{"ab":"x"}""", """{"a":"x","ab":"x"}"""]),
        new("a map", """{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2}""",
            ["""{"x":1}""", """{"x":1,"y":2}"""], ["{}", """{"x":""}""", """{"x":1,"y":2,"z":3}"""]),
        new("names of a map", """{"type":"object","propertyNames":{"pattern":"^[a-c]+$"},"additionalProperties":{"type":"null"}}""",
            ["{}", """{"abc":null}"""], ["""{"d":null}""", """{"":null}"""]),
        new("names by pattern", """{"type":"object","patternProperties":{"^x_":{"type":"integer"}},"additionalProperties":false}""",
            ["{}", """{"x_":1,"x_a":2}"""], ["""{"y":1}""", """{"x_":""}"""]),
        new("enum and const",
            """{"type":"object","properties":{"e":{"enum":["a","b\"c",1,null,{"k":[1]}]},"c":{"const":"z"}},"required":["e","c"]}""",
            ["""{"e":"b\"c","c":"z"}""", """{"e": {"k":[1]}, "c": "z"}""", """{"e":null,"c":"z"}"""],
            ["""{"e":"b","c":"z"}""", """{"e":"a","c":"y"}"""]),
        new("enum within bounds", """{"enum":["a","abc",3,30,true],"type":["string","integer"],"maxLength":2,"minimum":10}""",
            ["\"a\"", "30"], ["\"abc\"", "3", "true"]),
        new("arrays", """{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""",
            ["[1,2]", "[1, 2, 3]", "[\n  1,\n  2\n]"], ["[]", "[1]", "[1,2,3,4]", "[1,]", "[1,\"\"]"]),
        new("tuples", """{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":1}""",
            ["[1]", "[1,\"a\"]"], ["[]", "[\"a\"]", "[1,\"a\",2]"]),
        new("tuples and more", """{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"string"},"minItems":2,"maxItems":3}""",
            ["[1,\"a\"]", "[1,\"a\",\"b\"]"], ["[1]", "[1,2]", "[1,\"a\",\"b\",\"c\"]"]),
        new("lengths", """{"type":"string","minLength":2,"maxLength":3}""",
            ["\"ab\"", "\"abc\"", "\"é漢😀\"", "\"\\n\\u0041\""], ["\"\"", "\"a\"", "\"abcd\"", "\"\\n\""]),
        new("a pattern", """{"type":"string","pattern":"^[A-Z]{2,3}-\\d+$"}""",
            ["\"AB-1\"", "\"ABC-007\""], ["\"A-1\"", "\"AB-\"", "\"AB-1x\"", "\"xAB-1\""]),
        new("a pattern anywhere", """{"type":"string","pattern":"b+|\"$"}""", ["\"abba\"", "\"b\"", "\"x\\\"\""], ["\"a\"", "\"\\\"x\""]),
        new("a pattern of a length", """{"type":"string","pattern":"^(ab)*$","minLength":3,"maxLength":6}""",
            ["\"abab\"", "\"ababab\""], ["\"ab\"", "\"abababab\"", "\"\"", "\"aba\""]),
        new("dates", """{"type":"string","format":"date"}""", ["\"2024-12-31\""], ["\"2024-13-01\"", "\"2024-02-30\"", "\"x\""]),
        new("whole numbers within bounds", """{"type":"integer","minimum":-12,"maximum":105}""",
            ["-12", "-1", "0", "9", "10", "99", "100", "105"], ["-13", "106", "200", "1000", "-0", "1.5", "007"]),
        new("numbers within bounds", """{"type":"number","minimum":-0.5,"exclusiveMaximum":2.25}""",
            ["-0.5", "-0.49", "0", "0.001", "1.99", "2", "2.0", "2.2499"], ["-0.51", "2.25", "2.3", "3", "1e1"]),
        new("multiples", """{"type":"integer","multipleOf":7,"minimum":0,"maximum":30}""", ["0", "7", "14", "28"], ["1", "27", "35", "-7"]),
        new("types", """{"type":["string","null","boolean"]}""", ["\"x\"", "null", "true"], ["1", "[]", "{}"]),
        new("nullable", """{"type":"string","nullable":true}""", ["\"x\"", "null"], ["1"]),
        new("unions", """{"anyOf":[{"type":"object","properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k","v"]},{"type":"object","properties":{"k":{"const":"b"},"v":{"type":"string"}},"required":["k","v"]},{"type":"null"}]}""",
            ["""{"k":"a","v":1}""", """{"k":"b","v":"x"}""", "null"], ["""{"k":"a","v":"x"}""", """{"k":"b","v":1}"""]),
        new("unions beside conditions", """{"type":"integer","oneOf":[{"maximum":3},{"minimum":10}]}""", ["1", "3", "10"], ["5", "\"\""]),
        new("intersections", """{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"integer"},"a":{"minimum":5}},"required":["b"]}]}""",
            ["""{"a":5,"b":1}""", """{"a":9,"b":1}"""], ["""{"a":4,"b":1}""", """{"a":5}"""]),
        new("recursion", """{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]},"all":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["v"]}}}""",
            ["""{"v":1}""", """{"v":1,"next":null}""", """{"v":1,"next":{"v":2,"next":{"v":3,"all":[{"v":4}]}}}"""],
            ["""{"v":1,"next":{}}""", """{"v":1,"all":[1]}""", """{"v":1,"next":{"v":2}"""]),
        new("words of objects alone", """{"properties":{"a":{"minimum":3}},"required":["a"]}""", ["""{"a":3}"""], ["1", "{}", """{"a":2}""", """{"a":"x"}"""]),
        new("names that need escapes", """{"type":"object","properties":{"a\"b/~":{"type":"null"},"é":{"type":"null"}},"required":["a\"b/~"]}""",
            ["""{"a\"b/~":null,"é":null}"""], ["{}"]),
        new("a branch without any value", """{"anyOf":[false,{"type":"integer","minimum":5,"maximum":4},{"type":"null"}]}""", ["null"], ["4", "5"]),
    ];
}
