using CsCheck;
using Glm5.Core.Chat;

namespace Glm5.Tests.Unit.Chat.Templates;

/// <summary>
/// Whatever a template's characters are: it compiles and renders, or a <see cref="ChatTemplateException"/> says why
/// not.
/// </summary>
[TestClass]
public sealed class HostileTemplateTests
{
    private const string Conversation = """
        {
          "tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": [1, 2.5, null, true]}}}],
          "messages": [
            {"role": "system", "content": "s"}, {"role": "user", "content": "\ud83d\ude00 u"},
            {"role": "assistant", "content": "a", "reasoning_content": "r", "tool_calls": [{"function": {"name": "f", "arguments": {"a": "b", "c": 1}}}]},
            {"role": "tool", "content": ["t", {"type": "text", "text": "t"}]}
          ],
          "x": "ab", "l": [1, 2, 3], "d": {"k": "v"}
        }
        """;

    /// <summary>Pieces that keep random templates near the language.</summary>
    private static readonly string[] s_pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "~", "*", "/", "//", "**", "%", "(", ")", "[", "]", "{", "}", ":", ",", ".", "|", "=", "==",
        "<", " ", "\n", "'", "\"", "\\", "'a'", "'%s %5.3d'", "0", "1", "-1", "2.5", "1e400", "999999999", "x", "l", "d", "d.k", "messages", "tools",
        "messages[0].content", "loop.index", "ns.a", "if ", "elif ", "else ", "endif", "for i in ", "endfor", "set x = ", "set ns = namespace(a=1)",
        "set ns.a = ", "endset", "macro m(a, b=1)", "endmacro", "m(x)", "call m(1)", "endcall", "filter upper", "endfilter", "with a = 1", "endwith",
        "raw", "endraw", "break", "continue", "not ", " and ", " or ", " in ", " is ", "defined", "divisibleby 0", "string", "none", "true",
        "|tojson", "|tojson(indent=2)", "|join(',')", "|map('upper')", "|map(attribute='k')", "|selectattr('role', 'eq', 'user')", "|list", "|int",
        "|round(400)", "|sort", "|dictsort", "|indent(9)", "|replace('', x)", "|first", "|length", "|format(1)", "|default('z')", ".split()", ".split('')",
        ".strip(x)", ".items()", ".get('k')", ".append(1)", ".__class__", ".zfill(9)", "[::-1]", "[1:]", "[::0]", "range(9)", "range(10**9)",
        "dict(a=x)", "raise_exception('no')", "strftime_now('%Y')", "strftime_now('%Q')", "\ud800", "\u00e9", "\0",
    ];

    private static readonly Gen<string> s_templates = AnyOf(s_pieces).Array[1, 14].Select(string.Concat);

    private static readonly ChatTemplateInput s_input = Conversations.Input(Conversation);

    [TestMethod]
    public void Random_pieces_end_in_text_or_in_a_complaint()
    {
        int rendered = 0;
        Gen.OneOf(s_templates, s_templates.Select(p => $"{{{{ {p} }}}}"), s_templates.Select(p => $"{{% {p} %}}"), Gen.String).Sample(
            source => rendered += Try(source), iter: Soak.Times(5_000), threads: 1);
        Assert.IsGreaterThan(20, rendered);
    }

    [TestMethod]
    public void Random_expressions_end_in_text_or_in_a_complaint()
    {
        int rendered = 0;
        Gen<string> operand = AnyOf("x", "l", "d", "messages", "tools", "1", "-7", "2.5", "0", "''", "'aß😀'", "none", "true", "zz", "[x, 1]", "{'a': l}", "(1, 'b')", "range(3)", "namespace(a=1)");
        Gen<string> suffix = AnyOf([.. s_pieces.Where(p => p.Length > 1 && p[0] is '|' or '.' or '[')]);
        Gen<string> infix = AnyOf("+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", " in ", " not in ", " and ", " or ", " if x else ", " is eq ");
        Gen.Select(operand, suffix.Array[0, 2], infix, operand, suffix.Array[0, 2]).Sample(
            (a, b, c, d, e) => rendered += Try($"{{{{ {a}{string.Concat(b)} {c} {d}{string.Concat(e)} }}}}"), iter: Soak.Times(5_000), threads: 1);
        Assert.IsGreaterThan(500, rendered);
    }

    [TestMethod]
    public void Mutated_templates_end_in_text_or_in_a_complaint()
    {
        string[] sources = Conversations.Glm47Source is { } glm47
            ? [Conversations.NanoSource, glm47]
            : [Conversations.NanoSource];
        Gen<(double At, int Length, int Piece)[]> edits =
            Gen.Select(Gen.Double[0, 1], Gen.Int[0, 12], Gen.Int[-1, s_pieces.Length - 1]).Array[1, 4];
        int rendered = 0;
        Gen.Select(Gen.Int[0, sources.Length - 1], edits).Sample(
            (which, changes) =>
            {
                string source = sources[which];
                foreach ((double where, int length, int piece) in changes)
                {
                    int at = (int)(where * source.Length);
                    source = source[..at] + (piece < 0
                        ? ""
                        : s_pieces[piece]) + source[Math.Min(source.Length, at + length)..];
                }

                rendered += Try(source);
            },
            iter: Soak.Times(1_500), threads: 1);
        Assert.IsGreaterThan(25, rendered);
    }

    [TestMethod]
    public void A_truncated_template_names_what_is_missing()
    {
        int refused = 0;
        for (int length = 0; length < Conversations.NanoSource.Length; length++)
        {
            refused += 1 - Try(Conversations.NanoSource[..length]);
        }

        Assert.IsGreaterThan(Conversations.NanoSource.Length / 2, refused);
    }

    private static Gen<string> AnyOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static int Try(string source)
    {
        try
        {
            Conversations.AssertWellFormed(ChatTemplate.Compile(source, "hostile").Render(s_input));
            return 1;
        }
        catch (ChatTemplateException exception)
        {
            Assert.StartsWith("hostile, line ", exception.Message);
            return 0;
        }
    }
}
