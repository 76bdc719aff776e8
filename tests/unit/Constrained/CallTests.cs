using System.Text;
using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Constrained;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Calls;
using Glm5.Core.Tokenization;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Constrained;

/// <summary>Answers that are tool calls: what the grammar lets through is read back as arguments of the schema.</summary>
[TestClass]
public sealed class CallTests
{
    private const int Longest = 6_000;

    /// <summary>Parameters of a function, each of which shows one way in which texts become values.</summary>
    private static readonly string[] s_parameters =
    [
        """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city","days"]}""",
        """{"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":5},"b":{"enum":["x","1",1,null,"null"]},"c":{"const":"true"}},"required":["b"]}""",
        """{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":["string","integer"]},"c":{"type":["string","number","boolean","array","object"]}}}""",
        """{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"type":"object","properties":{"k":{"type":"boolean"}},"required":["k"]}},"required":["a","b"]}""",
        """{"type":"object","properties":{"a":{},"b":{"minLength":2},"c":{"type":"string","pattern":"^[0-9]{2}$"}},"required":["a","c"]}""",
        """{"type":"object","properties":{"a":{"anyOf":[{"type":"string","pattern":"^\\d+$"},{"type":"integer","minimum":100,"maximum":200}]}},"required":["a"]}""",
        """{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":1}""",
        """{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":{"type":"string"}}""",
        """{"type":"object","properties":{},"additionalProperties":false}""",
        """{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"number"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v"]}}}""",
    ];

    private static IEnumerable<object[]> Parameters => s_parameters.Select(p => new object[] { p });

    [TestMethod]
    [DynamicData(nameof(Parameters))]
    public void Random_walks_under_the_masks_are_calls_whose_arguments_satisfy_the_schema(string parameters)
    {
        JsonElement tools = Tools(("get", parameters), ("get_all", """{"type":"object","properties":{"x":{"type":"string"}}}"""));
        var grammar = Over(new CallForm { Tools = tools, IsRequired = true, Function = "get", AllowsSeveral = false, Strict = ["get"] });
        for (int seed = 0; seed < Soak.Times(40); seed++)
        {
            (string content, List<(string Name, string Arguments)> calls) = Read(Walk(grammar, seed), tools);
            Assert.AreEqual("", content);
            Assert.HasCount(1, calls);
            Assert.AreEqual("get", calls[0].Name);
            Assert.IsTrue(SchemaCheck.Passes(parameters, calls[0].Arguments), $"seed {seed}: {calls[0].Arguments}");
        }
    }

    [TestMethod]
    public void Content_of_a_form_or_calls_are_one_or_the_other()
    {
        JsonElement tools = Tools(("get", s_parameters[0]));
        const string Schema = """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}""";
        var calls = Over(new CallForm { Tools = tools, IsRequired = true, Strict = ["get"] });
        var either = new TokenGrammar(Grammar.Either(Walks.Schema(Schema), calls.Grammar), calls.Vocabulary);
        (int contents, int called) = (0, 0);
        for (int seed = 0; seed < Soak.Times(60); seed++)
        {
            (string content, List<(string Name, string Arguments)> made) = Read(Walk(either, seed), tools);
            Assert.AreNotEqual(content.Length == 0, made.Count == 0, content);
            if (made.Count == 0)
                Assert.IsTrue(SchemaCheck.Passes(Schema, content), content);
            foreach ((string name, string arguments) in made)
                Assert.IsTrue(name == "get" && SchemaCheck.Passes(s_parameters[0], arguments), arguments);
            (contents, called) = (contents + Math.Sign(content.Length), called + Math.Sign(made.Count));
        }

        Assert.IsGreaterThan(3, contents);
        Assert.IsGreaterThan(3, called);
        Assert.Contains("empty answer", Assert.ThrowsExactly<GrammarException>(
            () => Grammar.Either(Grammar.Regex("a*"), calls.Grammar)).Message);
    }

    [TestMethod]
    public void Required_calls_may_be_several_and_of_any_tool_unless_one_is_all_there_may_be()
    {
        JsonElement tools = Tools([.. s_parameters.Select((p, i) => ($"tool_{i}", p))]);
        HashSet<string> called = [];
        int most = 0;
        foreach (bool several in (bool[])[true, false])
        {
            var grammar = Over(new CallForm { Tools = tools, IsRequired = true, AllowsSeveral = several });
            for (int seed = 0; seed < Soak.Times(60); seed++)
            {
                (string content, List<(string Name, string Arguments)> calls) = Read(Walk(grammar, seed), tools);
                Assert.AreEqual("", content);
                Assert.IsTrue(calls.Count == 1 || (several && calls.Count > 1), $"{calls.Count} calls");
                most = Math.Max(most, calls.Count);
                foreach ((string name, string arguments) in calls)
                {
                    called.Add(name);
                    Assert.IsTrue(SchemaCheck.Passes(s_parameters[name[^1] - '0'], arguments), arguments);
                }
            }
        }

        Assert.IsGreaterThan(1, most);
        Assert.HasCount(s_parameters.Length, called);
    }

    [TestMethod]
    public void Text_with_strict_calls_in_it_holds_their_arguments_and_leaves_others_free()
    {
        JsonElement tools = Tools(("strict", s_parameters[0]), ("loose", s_parameters[0]));
        var grammar = Over(new CallForm { Tools = tools, Strict = ["strict"] });
        Assert.IsTrue(Admits(grammar, "Nothing to do."));
        Assert.IsTrue(Admits(grammar, ""));
        Assert.IsTrue(Admits(grammar, "Let me see.\n<tool_call>strict<arg_key>city</arg_key><arg_value>Oslo</arg_value><arg_key>days</arg_key><arg_value>3</arg_value></tool_call>So."));
        Assert.IsFalse(Admits(grammar, "<tool_call>strict<arg_key>city</arg_key><arg_value>Oslo</arg_value></tool_call>"));
        Assert.IsFalse(Admits(grammar, "<tool_call>strict<arg_key>city</arg_key><arg_value>Oslo</arg_value><arg_key>days</arg_key><arg_value>30</arg_value></tool_call>"));
        Assert.IsTrue(Admits(grammar, "<tool_call>loose<arg_key>any</arg_key><arg_value><think>x</think></arg_value></tool_call>"));
        Assert.IsFalse(Admits(grammar, "<tool_call>unknown</tool_call>"));
        var one = Over(new CallForm { Tools = tools, Strict = ["strict"], AllowsSeveral = false });
        Assert.IsTrue(Admits(one, "Well.<tool_call>loose</tool_call>"));
        Assert.IsFalse(Admits(one, "Well.<tool_call>loose</tool_call> And"));
    }

    [TestMethod]
    [DataRow("""{"type":"object","properties":{"a":{"not":{}}}}""", "#/properties/a/not", "the parameters of 'f': #/properties/a/not: the keyword not")]
    [DataRow("""{"type":"object","properties":{" a":{}}}""", "#", "white space")]
    [DataRow("""{"type":"object","propertyNames":{"maxLength":3}}""", "#/propertyNames/", "propertyNames")]
    [DataRow("""{"type":"object","properties":{"a":false},"required":["a"]}""", "", "no answer")]
    public void Strict_tools_are_refused_by_what_is_not_implemented_and_others_are_free(string parameters, string place, string sentence)
    {
        JsonElement tools = Tools(("f", parameters));
        GrammarException refused = Assert.ThrowsExactly<GrammarException>(
            () => Grammar.Calls(new CallForm { Tools = tools, IsRequired = true, Strict = ["f"] }));
        Assert.AreEqual(place, refused.Location);
        Assert.Contains(sentence, refused.Message);
        Assert.IsTrue(Admits(Over(new CallForm { Tools = tools, IsRequired = true }), "<tool_call>f<arg_key>z</arg_key><arg_value>1</arg_value></tool_call>"));
    }

    private static TokenGrammar Over(CallForm form) => new(Grammar.Calls(form), Walks.Nano);

    private static bool Admits(TokenGrammar grammar, string answer)
    {
        GrammarState state = grammar.Start;
        foreach (int token in Tokenizers.Nano.Encode(PromptText.Trusted(answer)))
            state = grammar.Step(state, token);
        return state.CanEnd;
    }

    /// <summary>Any allowed token for a while, then closing tags and quotes where they may come.</summary>
    private static List<int> Walk(TokenGrammar grammar, int seed)
    {
        var random = new Random(seed);
        int[] closing = [.. ((string[])["</tool_call>", "</arg_value>", "</arg_key>"]).Select(t => Tokenizers.Nano.AddedTokenId(t)!.Value),
            .. "\"}]0"u8.ToArray().Select(Tokenizers.ByteId)];
        var tokens = new List<int>();
        GrammarState state = grammar.Start;
        while (tokens.Count < Longest)
        {
            AllowedTokens allowed = grammar.Allowed(state);
            if (state.CanEnd && (allowed.Count == 0 || random.Next(2) == 0))
                return tokens;
            int[] all = [.. Enumerable.Range(0, Walks.Nano.Size).Where(allowed.Contains)];
            Assert.IsNotEmpty(all, $"nothing can follow {Tokenizers.Nano.Decode([.. tokens])}");
            int[] close = random.Next(60) < tokens.Count ? [.. closing.Where(all.Contains)] : [];
            tokens.Add(close.Length > 0 && random.Next(4) > 0 ? close[0] : all[random.Next(all.Length)]);
            state = grammar.Step(state, tokens[^1]);
        }

        throw new AssertFailedException($"no end after {Tokenizers.Nano.Decode([.. tokens])[..300]}");
    }

    private static (string Content, List<(string Name, string Arguments)> Calls) Read(List<int> tokens, JsonElement tools)
    {
        var output = new ChatOutput(Tokenizers.Nano, tools, startsInReasoning: false);
        var parts = new List<OutputPart>();
        foreach (int token in tokens)
            output.Append(token, parts);
        output.Append(Tokenizers.Nano.AddedTokenId("<|observation|>")!.Value, parts);
        output.Finish(parts);
        var calls = new List<(string Name, string Arguments)>();
        var content = new StringBuilder();
        foreach (OutputPart part in parts)
        {
            if (part.Kind == OutputKind.ToolCallName)
                calls.Add((part.Text, ""));
            else if (part.Kind == OutputKind.ToolCallArguments)
                calls[part.Call] = (calls[part.Call].Name, calls[part.Call].Arguments + part.Text);
            else
                content.Append(part.Text);
        }

        return (content.ToString(), calls);
    }

    private static JsonElement Tools(params (string Name, string Parameters)[] tools) =>
        JsonElement.Parse($"[{string.Join(',', tools.Select(t => Tool(t.Name, t.Parameters)))}]");

    private static string Tool(string name, string parameters) =>
        $$$"""{"type":"function","function":{"name":"{{{name}}}","parameters":{{{parameters}}} } }""";
}
