using Glm5.Core.Chat;
using Glm5.Core.Tokenization;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Chat.Output;

[TestClass]
public sealed class ChatOutputTests
{
    private const string Paris = "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>";

    /// <summary>
    /// Answers that start inside of reasoning, as after a prompt with thinking on, and what they are.
    /// </summary>
    public static IEnumerable<(string Answer, string Expected)> Thinking =>
    [
        ("Hm.</think>Hi!<|user|>", "think[Hm.] say[Hi!] "),
        ("Hm.</think>\n\nHi!<|user|>", "think[Hm.] say[Hi!] "),
        ("</think>Hi!<|user|>", "say[Hi!] "),
        ("<think>Hm.</think>Hi!<|user|>", "think[Hm.] say[Hi!] "),
        ("Hm.<think> Hm.</think>Hi</think>!<|user|>", "think[Hm. Hm.] say[Hi!] "),
        ("\nHm.\n</think>  Hi\n<|user|>", "think[\nHm.\n] say[  Hi\n] "),
        ("Hm.</think>" + Paris + "<|observation|>", "think[Hm.] get_weather{\"city\":\"Paris\"} "),
        ("Hm.\n</think>\n" + Paris + "\n<|observation|>", "think[Hm.\n] get_weather{\"city\":\"Paris\"} "),
        ("Hm." + Paris + "<|observation|>", "think[Hm.] get_weather{\"city\":\"Paris\"} "),
        ("Hm." + Paris + "Done.</think>Bye<|user|>", "think[Hm.] get_weather{\"city\":\"Paris\"} say[Done.Bye] "),
        ("The <tool_call> tag.</think>Hi<|user|>", "think[The <tool_call> tag.] say[Hi] "),
        ("It is 4.<|user|>", "think[It is 4.] say[It is 4.] "),
        ("It is 4.", "think[It is 4.] "),
        (" \n<|user|>", "think[ \n] "),
        ("Hm.</think><|user|>", "think[Hm.] "),
        ("", ""),
    ];

    /// <summary>Answers that start outside of reasoning, and what they are.</summary>
    public static IEnumerable<(string Answer, string Expected)> Plain =>
    [
        ("Hi!<|user|>", "say[Hi!] "),
        ("\nHi!<|endoftext|>", "say[\nHi!] "),
        ("<think>Hm.</think>Hi!<|user|>", "think[Hm.] say[Hi!] "),
        ("<think>It is 4.<|user|>", "think[It is 4.] say[It is 4.] "),
        ("Hi<think>Hm.<|user|>", "say[Hi] think[Hm.] "),
        ("Hi</think>!<|user|>", "say[Hi!] "),
        (Paris + "<|observation|>", "get_weather{\"city\":\"Paris\"} "),
        ("<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>unit</arg_key>\n<arg_value>celsius</arg_value>\n</tool_call><|observation|>",
            "get_weather{\"city\":\"Paris\",\"unit\":\"celsius\"} "),
        ("<tool_call>now</tool_call><|observation|>", "now{} "),
        ("<tool_call>\nnow\n</tool_call><|observation|>", "now{} "),
        ("<tool_call> now </tool_call><|observation|>", "now{} "),
        ("<tool_call>now</tool_call><tool_call>now</tool_call>" + Paris, "now{} now{} get_weather{\"city\":\"Paris\"} "),
        ("One. \n" + Paris + "\n\n<tool_call>now</tool_call>\nTwo.\n <tool_call>now</tool_call> Three. <|user|>",
            "say[One.] get_weather{\"city\":\"Paris\"} now{} say[Two.] now{} say[ Three. ] "),
        ("<tool_call>other_tool<arg_key>n</arg_key><arg_value>5</arg_value></tool_call>", "other_tool{\"n\":5} "),
        ("<tool_call>get_weather<arg_key>unit</arg_key><arg_value>c</arg_value><arg_key>city</arg_key><arg_value>P</arg_value></tool_call>",
            "get_weather{\"unit\":\"c\",\"city\":\"P\"} "),

        // Values are never touched where they are strings.
        ("<tool_call>get_weather<arg_key> city </arg_key><arg_value> \"Pa\\ris\"\n\t1.10 </arg_value></tool_call>",
            "get_weather{\"city\":\" \\\"Pa\\\\ris\\\"\\n\\t1.10 \"} "),
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value></arg_value></tool_call>",
            "get_weather{\"city\":\"\"} "),
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>null</arg_value></tool_call>",
            "get_weather{\"city\":\"null\"} "),
        ("<tool_call>get_weather<arg_key>note</arg_key><arg_value>null</arg_value></tool_call>",
            "get_weather{\"note\":null} "),
        ("<tool_call>get_weather<arg_key>note</arg_key><arg_value>nullable</arg_value></tool_call>",
            "get_weather{\"note\":\"nullable\"} "),
        ("<tool_call>get_weather<arg_key>note</arg_key><arg_value></arg_value></tool_call>",
            "get_weather{\"note\":\"\"} "),

        // Inside of a value every tag but the closing one is text.
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>a</tool_call>b<think><arg_key></arg_value></tool_call>c<|user|>",
            "get_weather{\"city\":\"a</tool_call>b<think><arg_key>\"} say[c] "),

        // Forgotten tags.
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</tool_call><|observation|>",
            "get_weather{\"city\":\"Paris\"} "),
        ("<tool_call>get_weather<arg_key>days</arg_key><arg_value>12</tool_call><|observation|>",
            "get_weather{\"days\":12} "),
        ("<tool_call>get_weather<arg_key>city<arg_value>Paris</arg_value></tool_call>",
            "get_weather{\"city\":\"Paris\"} "),
        ("<tool_call>get_weather<arg_key>city</arg_key></tool_call>Hi", "get_weather{} say[Hi] "),
        ("<tool_call>get_weather<arg_key>city</tool_call>Hi", "get_weather{} say[Hi] "),
        ("<tool_call>get_weather<arg_value>Paris</arg_value></tool_call>Hi", "get_weather{} say[Hi] "),
        ("<tool_call>now<tool_call>now</tool_call>", "now{} now{} "),
        ("<tool_call>get_weather<arg_key>days</arg_key><arg_value>1</arg_value>" + Paris, "get_weather{\"days\":1} get_weather{\"city\":\"Paris\"} "),
        ("<tool_call>now<|observation|>", "now{} "),
        ("<tool_call>get_weather<arg_key>days</arg_key><arg_value>1</arg_value><arg_key>days</arg_key><arg_value>2</arg_value></tool_call>",
            "get_weather{\"days\":1} "),

        // What is no call is text.
        ("Use <tool_call> for that.<|user|>", "say[Use <tool_call> for that.] "),
        ("Use <tool_call> or </tool_call>.<|user|>", "say[Use <tool_call> or </tool_call>.] "),
        ("Write <tool_call>the name<arg_key>x</arg_key>.<|user|>",
            "say[Write <tool_call>the name<arg_key>x</arg_key>.] "),
        ("Like <tool_call> this:\n" + Paris, "say[Like <tool_call> this:] get_weather{\"city\":\"Paris\"} "),
        ("<tool_call>get_weather is a tool</tool_call><|user|>", "say[<tool_call>get_weather is a tool</tool_call>] "),
        ("<tool_call>get_weather\nPlease.\n<arg_key>", "say[<tool_call>get_weather\nPlease.\n<arg_key>] "),
        ("<tool_call></tool_call><|user|>", "say[<tool_call></tool_call>] "),
        ("</arg_value>x", "say[</arg_value>x] "),

        // Cut off.
        ("Hi<tool_call>get_we", "say[Hi] "),
        ("Hi<tool_call>", "say[Hi] "),
        ("<tool_call>get_weather<arg_key>ci", "get_weather{} "),
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>Pa", "get_weather{\"city\":\"Pa\"} "),
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>", "get_weather{\"city\":\"\"} "),
        ("<tool_call>get_weather<arg_key>note</arg_key><arg_value>nul", "get_weather{\"note\":\"nul\"} "),
        ("<tool_call>get_weather<arg_key>days</arg_key><arg_value>1", "get_weather{} "),
        ("<tool_call>get_weather<arg_key>city</arg_key><arg_value>P</arg_value><arg_key>where</arg_key><arg_value>{\"x\": [1,",
            "get_weather{\"city\":\"P\"} "),
    ];

    [TestMethod]
    [DynamicData(nameof(Thinking))]
    public void Answers_that_start_in_reasoning_come_apart(string answer, string expected)
    {
        Assert.AreEqual(expected, Answers.OfTokens(answer, startsInReasoning: true));
        Assert.AreEqual(expected, Answers.OfTokens(Spelled(answer), startsInReasoning: true));
    }

    [TestMethod]
    [DynamicData(nameof(Plain))]
    public void Answers_that_start_outside_of_reasoning_come_apart(string answer, string expected)
    {
        Assert.AreEqual(expected, Answers.OfTokens(answer));
        Assert.AreEqual(expected, Answers.OfTokens(Spelled(answer)));
    }

    [TestMethod]
    public void Without_tools_tags_of_calls_are_content()
    {
        Assert.AreEqual($"say[Look: {Paris}] ", Answers.OfTokens($"Look: {Paris}<|user|>", tools: null));
        Assert.AreEqual(
            $"think[Hm. {Paris}] say[Hi] ",
            Answers.OfTokens($"Hm. {Paris}</think>Hi<|user|>", tools: null, startsInReasoning: true));
    }

    [TestMethod]
    public void Tags_spelled_by_ordinary_tokens_are_text()
    {
        PromptText spelled = new($"Hm.</think>{Paris}", [new TextSpan(0, $"Hm.</think>{Paris}".Length)]);
        Assert.AreEqual($"say[{spelled.Text}] ", Answers.OfTokens(Tokenizers.Nano.Encode(spelled)));
    }

    [TestMethod]
    public void String_values_come_as_they_are_written_and_other_values_at_their_close()
    {
        ChatOutput output = new(Tokenizers.Nano, Answers.Tools(Answers.Weather), startsInReasoning: false);
        List<OutputPart> parts = [];
        List<string> AfterEach(string text)
        {
            List<string> stretches = [];
            foreach (int token in Tokenizers.Nano.Encode(text))
            {
                parts.Clear();
                output.Append(token, parts);
                stretches.Add(string.Concat(parts.Select(p => p.Text)));
            }

            return stretches;
        }

        Assert.AreEqual("get_weather", AfterEach("<tool_call>get_weather<arg_key>").Single(s => s.Length > 0));
        Assert.AreEqual("{\"city\":\"", AfterEach("city</arg_key><arg_value>").Single(s => s.Length > 0));
        CollectionAssert.DoesNotContain(AfterEach("Rio de Janeiro"), "");
        CollectionAssert.AreEqual(new[] { "\"" }, AfterEach("</arg_value>"));
        Assert.IsTrue(AfterEach("<arg_key>days</arg_key><arg_value>1234").All(s => s.Length == 0));
        CollectionAssert.AreEqual(new[] { ",\"days\":1234" }, AfterEach("</arg_value>"));
        Assert.IsTrue(AfterEach("<arg_key>note</arg_key><arg_value>nu").All(s => s.Length == 0));
        Assert.AreEqual(",\"note\":\"nut", AfterEach("t")[^1]);
        CollectionAssert.AreEqual(new[] { "\"", "}" }, AfterEach("</arg_value></tool_call>"));
    }

    [TestMethod]
    public void A_tag_in_prose_holds_text_back_no_longer_than_it_may_be_a_name()
    {
        ChatOutput output = new(Tokenizers.Nano, Answers.Tools(Answers.Weather), startsInReasoning: false);
        List<OutputPart> parts = [];
        foreach (int token in Tokenizers.Nano.Encode("Use <tool_call> then"))
            output.Append(token, parts);
        Assert.AreEqual("Use <tool_call> then", string.Concat(parts.Select(p => p.Text)));
    }

    [TestMethod]
    public void A_character_of_several_tokens_never_comes_in_halves()
    {
        ChatOutput output = new(Tokenizers.Nano, null, startsInReasoning: false);
        List<OutputPart> parts = [];
        foreach (int token in Tokenizers.Nano.Encode("a😀漢"))
            output.Append(token, parts);
        CollectionAssert.AreEqual(new[] { "a", "😀", "漢" }, parts.Select(p => p.Text).ToArray());
    }

    [TestMethod]
    public void Tokens_of_the_trained_models_answers_come_apart()
    {
        Assert.AreEqual(
            "think[I need the weather in Paris. I will call get_weather.] get_weather{\"city\":\"Paris\",\"unit\":\"celsius\"} ",
            Answers.OfTokens(
                "I need the weather in Paris. I will call get_weather.</think><tool_call>get_weather<arg_key>city</arg_key>"
                + "<arg_value>Paris</arg_value><arg_key>unit</arg_key><arg_value>celsius</arg_value></tool_call><|observation|>",
                startsInReasoning: true));
    }

    /// <summary>The same answer with its text in the smallest tokens.</summary>
    private static IEnumerable<int> Spelled(string answer) =>
        Tokenizers.Nano.Encode(answer)
            .SelectMany(id => id >= 1259 ? [id] : Tokenizers.Nano.BytesOf(id).ToArray().Select(Tokenizers.ByteId));
}
