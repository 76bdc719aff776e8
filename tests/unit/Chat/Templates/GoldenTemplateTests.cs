using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Chat.Templates;

/// <summary>Whole conversations, against what Jinja2 in Hugging Face's setting renders.</summary>
[TestClass]
public sealed class GoldenTemplateTests
{
    private static readonly JsonElement s_cases = JsonElement.Parse(File.ReadAllText(RepositoryFiles.Data("chat", "golden.json")));

    [TestMethod]
    public void Our_own_template_renders_the_golden_conversations()
    {
        int rendered = 0;
        foreach (JsonElement golden in s_cases.EnumerateArray().Where(c => c.GetProperty("same_with_nano_template").GetBoolean()))
        {
            AssertRenders(Conversations.Nano, golden);
            rendered++;
        }

        Assert.IsGreaterThan(20, rendered);
    }

    [TestMethod]
    public void The_template_of_GLM_4_7_renders_the_golden_conversations()
    {
        if (Conversations.Glm47Source is not { } source)
        {
            Assert.Inconclusive("GLM-4.7's chat_template.jinja is not here; set GLM5_GLM47_TEMPLATE to its path");
            return;
        }

        ChatTemplate template = ChatTemplate.Compile(source, "glm47");
        foreach (JsonElement golden in s_cases.EnumerateArray())
        {
            AssertRenders(template, golden);
        }
    }

    [TestMethod]
    public void The_prompts_that_the_nano_model_continues_are_rendered()
    {
        JsonElement golden = JsonElement.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Nano, "golden.json")));
        int rendered = 0;
        foreach (JsonElement one in golden.GetProperty("cases").EnumerateArray())
        {
            ChatTemplateInput input = new()
            {
                Messages = one.GetProperty("messages"),
                Tools = one.GetProperty("tools").ValueKind == JsonValueKind.Null ? null : one.GetProperty("tools"),
                Variables = new Dictionary<string, JsonElement> { ["enable_thinking"] = one.GetProperty("enable_thinking") },
            };
            Assert.AreEqual(one.GetProperty("text").GetString(), Conversations.Nano.Render(input).Text, one.GetProperty("name").GetString());
            rendered++;
        }

        Assert.AreEqual(12, rendered);
    }

    private static void AssertRenders(ChatTemplate template, JsonElement golden)
    {
        PromptText prompt = template.Render(Conversations.Input(golden.GetProperty("input")));
        Assert.AreEqual(golden.GetProperty("rendered").GetString(), prompt.Text, golden.GetProperty("name").GetString());
        Conversations.AssertWellFormed(prompt);
    }
}
