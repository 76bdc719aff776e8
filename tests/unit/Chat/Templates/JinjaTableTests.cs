using System.Text.Json;
using Glm5.Core.Chat;

namespace Glm5.Tests.Unit.Chat.Templates;

/// <summary>
/// Small templates, against what Jinja2 renders or refuses; the reference's words for a refusal are its own.
/// </summary>
[TestClass]
public sealed class JinjaTableTests
{
    [TestMethod]
    public void Templates_render_as_in_the_reference()
    {
        JsonElement table = JsonElement.Parse(File.ReadAllText(RepositoryFiles.Data("chat", "jinja.json")));
        string variables = table.GetProperty("variables").GetRawText();
        List<string> differences = [];
        int cases = 0;
        foreach (JsonElement one in table.GetProperty("cases").EnumerateArray())
        {
            cases++;
            string template = one.GetProperty("template").GetString()!;
            string expected = one.GetProperty("rendered").GetString() ?? "(refused)";
            string got = Outcome(template, variables, out string? refusal);
            if (got != expected)
            {
                differences.Add($"{Shown(template)}: expected {Shown(expected)}, got {Shown(got)} {refusal}");
            }
        }

        Assert.IsGreaterThan(500, cases);
        Assert.IsEmpty(differences, $"{differences.Count} of {cases}:\n{string.Join('\n', differences)}");
    }

    private static string Outcome(string template, string variables, out string? refusal)
    {
        refusal = null;
        try
        {
            return Conversations.Render(template, variables).Text;
        }
        catch (ChatTemplateException exception)
        {
            refusal = exception.Message;
            return "(refused)";
        }
    }

    private static string Shown(string text) => JsonSerializer.Serialize(text);
}
