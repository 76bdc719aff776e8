using System.Diagnostics;
using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Chat.Jinja;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Chat.Templates;

/// <summary>What a template is refused for, and how that reads; bounds; time.</summary>
[TestClass]
public sealed class ChatTemplateTests
{
    [TestMethod]
    [DataRow("{% include 'x' %}", "line 1, column 4: the statement 'include' is not supported")]
    [DataRow("{% import 'x' as y %}", "'import' is not supported")]
    [DataRow("{% extends 'x' %}", "'extends' is not supported")]
    [DataRow("{% block x %}{% endblock %}", "'block' is not supported")]
    [DataRow("{% do x.y() %}", "'do' is not supported")]
    [DataRow("{% fro x %}", "there is no statement named 'fro'")]
    [DataRow("{% for x in y recursive %}{% endfor %}", "recursive loops are not supported")]
    [DataRow("a\n {{ x | nosuch }}", "line 2, column 9: there is no filter named 'nosuch'")]
    [DataRow("{{ x is nosuch }}", "line 1, column 9: there is no test named 'nosuch'")]
    [DataRow("{{ x", "line 1, column 1: this tag is not closed; expected '}}'")]
    [DataRow("a\n\nb{# x", "line 3, column 2: this comment is not closed; expected '#}'")]
    [DataRow("{{ 'x }}", "line 1, column 4: this string is not closed")]
    [DataRow("{% raw %}x", "this raw block is not closed; expected '{% endraw %}'")]
    [DataRow("a\n{% if x %}", "line 2, column 4: this 'if' is not closed; expected 'elif' or 'else' or 'endif'")]
    [DataRow("{% for x in y %}{% endif %}", "expected 'else' or 'endfor', got 'endif'")]
    [DataRow("{% endif %}", "nothing is open that 'endif' could belong to")]
    [DataRow("{% if x %}{% else %}{% elif y %}{% endif %}", "expected 'endif', got 'elif'")]
    [DataRow("{{ a b }}", "line 1, column 6: expected '}}', got 'b'")]
    [DataRow("{{ }}", "expected an expression, got '}}'")]
    [DataRow("{{ (1 }}", "unexpected '}'; expected ')'")]
    [DataRow("{{ a.'b' }}", "expected an attribute's name, got a string")]
    [DataRow("{{ f(a=1, 2) }}", "expected a named argument")]
    [DataRow("{{ f(*a) }}", "arguments unpacked by '*' are not supported")]
    [DataRow("{% set none = 1 %}", "'none' cannot be assigned to")]
    [DataRow("{% break %}", "'break' stands outside of a loop")]
    [DataRow("{% for x in y %}{% set z %}{% break %}{% endset %}{% endfor %}", "'break' stands outside of a loop")]
    [DataRow("{{ a ; b }}", "unexpected character ';'")]
    [DataRow("{{ a is string is true }}", "line 1, column 16: a test cannot follow a test")]
    [DataRow("{{ a|first[0] }}", "expected '}}', got '['")]
    [DataRow("{{ '\\ud83' }}", "expected 4 hexadecimal digits")]
    public void What_is_not_in_the_language_is_refused_with_its_place(string source, string complaint) =>
        Assert.Contains(complaint, Refusal(() => ChatTemplate.Compile(source, "t")));

    [TestMethod]
    public void A_refusal_by_the_template_carries_its_words_and_place() => Assert.AreEqual(
        "t, line 2, column 19: Roles must alternate, not user",
        Refusal(() => ChatTemplate.Compile("{% for m in messages %}\n{{ raise_exception('Roles must alternate, not ' ~ m.role) }}\n{% endfor %}", "t")
            .Render(Conversations.Input("""{"messages": [{"role": "user"}]}"""))));

    [TestMethod]
    public void A_fault_names_the_line_of_its_expression() => Assert.Contains(
        "t, line 3, column 9: 'dict object' has no attribute 'b'",
        Refusal(() => ChatTemplate.Compile("a\nb\n {{ {}.b.c }}", "t").Render(Conversations.Input("""{"messages": []}"""))));

    [TestMethod]
    [DataRow("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "bound of 300000 steps")]
    [DataRow("{{ range(100001) }}", "bound of 100000 elements")]
    [DataRow("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "bound of 1000 evaluations")]
    [DataRow("{% set ns = namespace() %}{% set ns.n = ns %}{% for i in range(2000) %}{% set ns.n = [ns.n] %}{% endfor %}{{ ns.n }}", "bound of 1000 evaluations")]
    [DataRow("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "steps")]
    [DataRow("{{ 'ab' * 99999999999 }}", "steps")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "steps")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x|list }}", "steps")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}", "bound of")]
    [DataRow("{{ 10 ** 100000 }}", "more than 4300 digits")]
    [DataRow("{% set ns = namespace(x=10) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}", "more than 4300 digits")]
    public void Work_without_end_is_stopped_at_a_named_bound(string template, string bound) =>
        Assert.Contains(bound, Refusal(() => ChatTemplate.Compile(template, "t", TimeProvider.System, new Bounds { Steps = 300_000 })
            .Render(Conversations.Input("""{"messages": []}"""))));

    [TestMethod]
    [DataRow("{{ ", "(", "a", ")", " }}")]
    [DataRow("{{ ", "[", "a", "]", " }}")]
    [DataRow("{{ ", "{1: ", "a", "}", " }}")]
    [DataRow("{{ ", "not ", "a", "", " }}")]
    [DataRow("{{ ", "-", "a", "", " }}")]
    [DataRow("{{ ", "f(", "a", ")", " }}")]
    [DataRow("{{ ", "a[", "1", "]", " }}")]
    [DataRow("{{ ", "a[", ":", "]", " }}")]
    [DataRow("{{ ", "a[1:", ":", "]", " }}")]
    [DataRow("{{ ", "a|join(", "", ")", " }}")]
    [DataRow("{{ ", "a is eq(", "", ")", " }}")]
    [DataRow("{{ ", "a is eq [", "", "]", " }}")]
    [DataRow("{{ ", "b if a else ", "a", "", " }}")]
    [DataRow("{{ a", "", "", ".b", " }}")]
    [DataRow("{{ a", "", "", "()", " }}")]
    [DataRow("{{ a", "", "", "|upper", " }}")]
    [DataRow("{{ a", "", "", " + a", " }}")]
    [DataRow("{{ a", "", "", " * a", " }}")]
    [DataRow("{{ a", "", "", " ** a", " }}")]
    [DataRow("{{ a", "", "", " and a", " }}")]
    [DataRow("{{ a", "", "", " or a", " }}")]
    [DataRow("{{ a", "", "", " if a", " }}")]
    [DataRow("", "{% if a %}", "", "{% endif %}", "")]
    [DataRow("", "{% for a in b %}", "", "{% endfor %}", "")]
    [DataRow("", "{% set a %}", "", "{% endset %}", "")]
    [DataRow("{% set ", "(", "a", ")", " = 1 %}")]
    [DataRow("{% for ", "(", "a", ")", " in b %}{% endfor %}")]
    public void Nesting_is_bounded_before_the_stack_is(string start, string open, string middle, string close, string end)
    {
        string source = start + Repeat(open, 5_000) + middle + Repeat(close, 5_000) + end;
        Assert.Contains("the bound of", Refusal(() => ChatTemplate.Compile(source, "t")));
    }

    [TestMethod]
    public void The_deepest_evaluation_fits_into_the_smallest_default_stack()
    {
        string nested = Repeat("{% if true %}", 45) + "{{ " + Repeat("[", 45) + "f(x)" + Repeat("]|first", 45) + " }}" + Repeat("{% endif %}", 45);
        string refusal = "";
        Thread thread = new(() => refusal = Refusal(() => Conversations.Render($"{{% macro f(x) %}}{nested}{{% endmacro %}}{{{{ f(1) }}}}")), 1_500_000);
        thread.Start();
        thread.Join();
        Assert.Contains("bound of 1000 evaluations", refusal);
    }

    [TestMethod]
    public void Input_that_nests_too_deep_or_is_no_list_is_refused()
    {
        string deep = new string('[', 500) + new string(']', 500);
        using var document = JsonDocument.Parse($"{{\"messages\": {deep}}}", new JsonDocumentOptions { MaxDepth = 1000 });
        Assert.Contains("messages: lists and objects nest too deep", Refusal(() => Conversations.Nano.Render(Conversations.Input(document.RootElement))));
        Assert.Contains("messages: expected a list, got Object", Refusal(() => Conversations.Nano.Render(Conversations.Input("""{"messages": {}}"""))));
        Assert.Contains("not valid Unicode", Refusal(() => Conversations.Nano.Render(Conversations.Input("""{"messages": ["\ud800"]}"""))));
        Assert.Contains("not valid Unicode", Refusal(() => Conversations.Nano.Render(Conversations.Input("""{"messages": [{"\ud800": 1}]}"""))));
        Assert.Contains("4300 digits", Refusal(() => Conversations.Nano.Render(Conversations.Input($$"""{"messages": [{{new string('9', 5000)}}]}"""))));
    }

    [TestMethod]
    public void A_source_longer_than_its_bound_is_refused() => Assert.AreEqual(
        "t has 1048577 characters; expected a chat template of at most 1048576", Refusal(() => ChatTemplate.Compile(new string('x', (1 << 20) + 1), "t")));

    [TestMethod]
    public void Tools_are_none_when_there_are_none_and_documents_are_defined() =>
        Assert.AreEqual("True True True", Conversations.Render("{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}").Text);

    [TestMethod]
    public void The_mark_around_what_the_assistant_says_is_only_its_body() =>
        Assert.AreEqual("axb", Conversations.Render("a{% generation %}x{% endgeneration %}b").Text);

    [TestMethod]
    public void The_longest_integer_is_read_and_a_longer_one_refused()
    {
        string nines = new('9', 4300);
        Assert.AreEqual(nines, Conversations.Render($"{{{{ {nines} }}}}").Text);
        Assert.Contains("4300 digits", Refusal(() => ChatTemplate.Compile($"{{{{ {nines}0 }}}}", "t")));
        Assert.Contains("4300 digits", Refusal(() => Conversations.Render($"{{{{ {nines} * 10 }}}}")));
    }

    [TestMethod]
    public void Numbers_of_the_input_are_read_as_python_reads_them() => Assert.AreEqual(
        "[1, 1.0, -0.0, 0, 100.0, 12345678901234567890123, 1e+16, inf]",
        Conversations.Render("{{ x }}", """{"x": [1, 1.0, -0.0, -0, 1e2, 12345678901234567890123, 1E16, 1e999]}""").Text);

    [TestMethod]
    public void Of_a_key_that_comes_twice_the_last_value_counts() =>
        Assert.AreEqual("""{"a": 3, "b": 2}""", Conversations.Render("{{ x|tojson }}", """{"x": {"a": 1, "b": 2, "a": 3}}""").Text);

    [TestMethod]
    public void The_time_is_that_of_the_clock()
    {
        ChatTemplate template = ChatTemplate.Compile("{{ strftime_now('%d %b %Y|%-d %B %y|%A %a|%H:%M:%S|%I %p|%j %% %F %T') }}", "t", new StoppedClock());
        PromptText prompt = template.Render(Conversations.Input("""{"messages": []}"""));
        Assert.AreEqual("05 Mar 2026|5 March 26|Thursday Thu|16:07:08|04 PM|064 % 2026-03-05 16:07:08", prompt.Text);
        Assert.IsEmpty(prompt.FromMessages);
    }

    [TestMethod]
    public void A_large_message_takes_time_in_proportion()
    {
        const int Megabytes = 5;
        string json = JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = Repeat("ab\"\n<|user|> ", Megabytes * 80_000) } } });
        ChatTemplateInput input = Conversations.Input(json);
        ChatTemplate escaping = ChatTemplate.Compile("{{ messages|tojson }}{{ messages[0].content.split('\\n')|map('trim')|join(' ') }}", "t");
        var watch = Stopwatch.StartNew();
        PromptText prompt = Conversations.Nano.Render(input);
        PromptText escaped = escaping.Render(input);
        watch.Stop();
        Assert.HasCount(1, prompt.FromMessages);
        Assert.IsGreaterThan(2 * prompt.Text.Length, escaped.Text.Length);
        Assert.IsLessThan(TimeSpan.FromSeconds(20), watch.Elapsed, "tens of milliseconds were expected, and something is quadratic");
    }

    [TestMethod]
    public void One_template_serves_many_threads()
    {
        ChatTemplateInput input = Conversations.Input("""{"messages": [{"role": "user", "content": "Hi"}]}""");
        Parallel.For(0, 200, _ => Assert.AreEqual("[gMASK]<sop><|user|>Hi<|assistant|><think>", Conversations.Nano.Render(input).Text));
    }

    [TestMethod]
    public void Bounds_are_those_a_template_was_compiled_with()
    {
        ChatTemplate template = ChatTemplate.Compile("{{ messages }}", "t", TimeProvider.System, new Bounds { TextLength = 3 });
        Assert.Contains("bound of 3 characters", Refusal(() => template.Render(Conversations.Input("""{"messages": [1, 2]}"""))));
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static string Refusal(Action action) => Assert.ThrowsExactly<ChatTemplateException>(action).Message;

    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.CreateCustomTimeZone("east", TimeSpan.FromHours(2), "east", "east");

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 14, 7, 8, TimeSpan.Zero);
    }
}
