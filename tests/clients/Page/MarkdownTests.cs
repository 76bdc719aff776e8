using CsCheck;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Page;

/// <summary>The page's renderer, in a browser: what it makes of text, and that it never makes markup of it.</summary>
[TestClass]
public sealed class MarkdownTests
{
    private const string Elements = "P STRONG EM CODE PRE DIV SPAN BUTTON A UL OL LI BLOCKQUOTE HR TABLE THEAD TBODY TR TH TD H3 H4 H5 H6";

    private static RunningServer? _server;
    private static Chromium? _chromium;
    private static Tab? _tab;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _chromium = await Chromium.StartAsync();
        _server = await SharedServer.Server;
        _tab = await ScriptedServer.OpenAsync(_chromium, _server.Address);
        await _tab.EvaluateAsync<bool>("""
            import('/markdown.js').then(module => {
              globalThis.render = text => {
                const root = document.createElement('div');
                module.renderMarkdown(root, text);
                return root;
              };
              globalThis.renderInto = module.renderMarkdown;
              return true;
            })
            """);
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
    }

    [TestMethod]
    [DataRow("plain", "<p>plain</p>")]
    [DataRow("two\nlines\n\nand more", "<p>two\nlines</p><p>and more</p>")]
    [DataRow("**bold** and *italic* and `code`", "<p><strong>bold</strong> and <em>italic</em> and <code>code</code></p>")]
    [DataRow("**bold *and* `more`**", "<p><strong>bold <em>and</em> <code>more</code></strong></p>")]
    [DataRow("2 * 3 * 4 and a_b_c", "<p>2 * 3 * 4 and a_b_c</p>")]
    [DataRow("``a ` b``", "<p><code>a ` b</code></p>")]
    [DataRow("`**not bold**`", "<p><code>**not bold**</code></p>")]
    [DataRow("\\*literal\\*", "<p>*literal*</p>")]
    [DataRow("## Title", "<h4>Title</h4>")]
    [DataRow("#hashtag", "<p>#hashtag</p>")]
    [DataRow("- a\n- b", "<ul><li>a</li><li>b</li></ul>")]
    [DataRow("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>")]
    [DataRow("- a\n  - b\n- c", "<ul><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ul>")]
    [DataRow("1. a\n\n2. b\n\nafter", "<ol><li>a</li><li>b</li></ol><p>after</p>")]
    [DataRow("> said\n> so", "<blockquote>said\nso</blockquote>")]
    [DataRow("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>")]
    [DataRow("<b>no</b> &amp;", "<p>&lt;b&gt;no&lt;/b&gt; &amp;amp;</p>")]
    public async Task Text_becomes(string text, string expected) => Assert.AreEqual(expected, await HtmlAsync(text));

    [TestMethod]
    public async Task A_fence_keeps_its_text_as_it_is()
    {
        Assert.AreEqual("if (a < b)\n  **c**", await CodeAsync("```js\nif (a < b)\n  **c**\n```\nafter"));
        Assert.AreEqual("still open", await CodeAsync("```\nstill open"));
        Assert.AreEqual("```inner```", await CodeAsync("````\n```inner```\n````"));
    }

    [TestMethod]
    public async Task A_table_has_its_rows()
    {
        Assert.AreEqual(
            "<div class=\"wide\"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table></div>",
            await HtmlAsync("| a | b |\n|---|:-:|\n| 1 | `2` |"));
    }

    [TestMethod]
    [DataRow("[site](https://example.com/a)", "https://example.com/a")]
    [DataRow("see https://example.com/a_b.", "https://example.com/a_b")]
    [DataRow("[x](javascript:alert(1))", null)]
    [DataRow("[x](data:text/html,hi)", null)]
    [DataRow("[x](//example.com)", null)]
    [DataRow("![x](http://)", null)]
    public async Task Only_web_addresses_become_links(string text, string? expected)
    {
        Assert.AreEqual(expected, await _tab!.EvaluateAsync<string>($"render({Tab.Quoted(text)}).querySelector('a')?.href ?? null"));
    }

    [TestMethod]
    public async Task A_growing_text_keeps_the_nodes_of_its_finished_blocks()
    {
        Assert.IsTrue(await _tab!.EvaluateAsync<bool>("""
            (() => {
              const root = document.createElement('div');
              renderInto(root, 'first\n\nsec');
              const first = root.firstChild;
              renderInto(root, 'first\n\nsecond **bold**');
              return root.firstChild === first && root.lastChild.textContent === 'second bold' && root.childNodes.length === 2;
            })()
            """));
    }

    [TestMethod]
    public void No_text_makes_other_elements_or_attributes()
    {
        string[] parts =
        [
            "*", "**", "`", "``", "```", "\n", "\n\n", "- ", "1. ", "  ", "> ", "# ", "|", "|-|-|\n", "[", "](", ")", "https://a.b/", "javascript:",
            "<script>", "<img src=x onerror=alert(1)>", "\\", "_", "a", "word ", "\u00e9", "\U0001F600", "&lt;", "\"", "'", "---", "~~~",
        ];
        Gen<string> hostile = Gen.Int[0, parts.Length - 1].Select(i => parts[i]).Array[0, 40].Select(string.Concat);
        hostile.Array[200].Sample(texts =>
        {
            string list = System.Text.Json.JsonSerializer.Serialize(texts);
            string? breach = _tab!.EvaluateAsync<string>($$"""
                (() => {
                  const elements = new Set('{{Elements}}'.split(' '));
                  const attributes = new Set(['href', 'target', 'rel', 'class', 'type', 'tabindex', 'start']);
                  for (const text of {{list}}) {
                    const root = render(text);
                    for (const made of root.querySelectorAll('*')) {
                      if (!elements.has(made.tagName)) return `${made.tagName} from ${text}`;
                      for (const { name } of made.attributes) if (!attributes.has(name)) return `${name} from ${text}`;
                      if (made.href && !/^https?:/.test(made.href)) return `${made.href} from ${text}`;
                    }
                  }
                  return '';
                })()
                """).GetAwaiter().GetResult();
            Assert.AreEqual("", breach);
        }, iter: Soak.Times(5), threads: 1);
    }

    [TestMethod]
    [DataRow("[")]
    [DataRow("**a ")]
    [DataRow("`")]
    [DataRow("> ")]
    [DataRow("- ")]
    [DataRow("|")]
    [DataRow("*a")]
    [DataRow("a\n\n")]
    [DataRow("https://")]
    [DataRow("1. a\n")]
    [DataRow("| a | b |\n|-|-|\n")]
    public async Task Hostile_text_of_a_hundred_thousand_letters_takes_less_than_two_seconds(string unit)
    {
        double milliseconds = await _tab!.EvaluateAsync<double>($$"""
            (() => {
              const text = {{Tab.Quoted(unit)}}.repeat(100000 / {{unit.Length}});
              const began = performance.now();
              render(text);
              return performance.now() - began;
            })()
            """);
        Assert.IsLessThan(2000, milliseconds);
    }

    private static async Task<string> HtmlAsync(string text) =>
        (await _tab!.EvaluateAsync<string>($"render({Tab.Quoted(text)}).innerHTML"))!;

    private static async Task<string> CodeAsync(string text) =>
        (await _tab!.EvaluateAsync<string>($"render({Tab.Quoted(text)}).querySelector('pre').textContent"))!;
}
