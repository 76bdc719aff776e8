using System.Diagnostics;
using System.Text.Json;
using Glm5.Tests.Clients.Api;
using Glm5.Tests.Clients.Npm;

namespace Glm5.Tests.Clients.Agents;

/// <summary>An agent as people run it, with its own tools, on a task that it cannot do without one.</summary>
[TestClass]
public sealed class AgentTests
{
    private const string Secret = "4711-0815";

    [TestMethod]
    public async Task Claude_code_reads_a_file_and_answers_from_it()
    {
        if (await NpmClients.Missing is { } missing)
            Assert.Inconclusive($"not run: {missing}");
        DirectoryInfo home = Directory.CreateTempSubdirectory("glm5-agent-");
        try
        {
            string file = Path.Combine(home.FullName, "figure.txt");
            await File.WriteAllTextAsync(file, $"The figure is {Secret}.\n");
            await using RunningServer server = await ScriptedServer.StartAsync("glm-5", prompt => Say(prompt, file));
            (int code, string output, string errors) = await NpmClients.RunAsync(
                Claude(server.Address, home.FullName), TimeSpan.FromSeconds(90));
            Assert.AreEqual(0, code, $"{output}\n{errors}");
            JsonElement result = JsonElement.Parse(output);
            Assert.AreEqual($"The file says {Secret}.", result.At("result").GetString(), output);
            Assert.AreEqual(2, result.At("num_turns").GetInt32(), output);
            Assert.IsFalse(result.At("is_error").GetBoolean(), output);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    /// <summary>Its package has 400 MB, which the other tests do not wait for: it runs where there is one already.</summary>
    [TestMethod]
    public async Task Codex_reads_a_file_and_answers_from_it()
    {
        if (Environment.GetEnvironmentVariable("CODEX") is not { Length: > 0 } codex)
        {
            Assert.Inconclusive("not run: set CODEX to the path of Codex's command (npm i @openai/codex)");
            return;
        }

        DirectoryInfo home = Directory.CreateTempSubdirectory("glm5-agent-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(home.FullName, "figure.txt"), $"The figure is {Secret}.\n");
            await using RunningServer server = await ScriptedServer.StartAsync("glm-5", SayToCodex);
            Directory.CreateDirectory(Path.Combine(home.FullName, ".codex"));
            await File.WriteAllTextAsync(Path.Combine(home.FullName, ".codex", "config.toml"), $"""
                model = "glm-5"
                model_provider = "here"
                [model_providers.here]
                name = "here"
                base_url = "{server.Address}v1"
                wire_api = "responses"
                """);
            (int code, string output, string errors) = await NpmClients.RunAsync(
                Quietly(new ProcessStartInfo(
                    codex, ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "Which figure is in figure.txt?"]), home.FullName),
                TimeSpan.FromSeconds(90));
            Assert.AreEqual(0, code, $"{output}\n{errors}");
            Assert.Contains($"The file says {Secret}.", output, errors);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    private static string SayToCodex(string prompt)
    {
        string thought = prompt.EndsWith("<think>", StringComparison.Ordinal) ? "One step after the other.</think>" : "";
        return prompt.LastIndexOf("<tool_response>", StringComparison.Ordinal) is >= 0 and var answered
            && prompt.IndexOf(Secret, answered, StringComparison.Ordinal) >= 0
            ? $"{thought}The file says {Secret}."
            : $"{thought}I look into it.<tool_call>exec_command<arg_key>cmd</arg_key><arg_value>cat figure.txt</arg_value></tool_call>";
    }

    /// <summary>Reads the file first, and says what was in it when that is there.</summary>
    private static string Say(string prompt, string file)
    {
        string thought = prompt.EndsWith("<think>", StringComparison.Ordinal) ? "One step after the other.</think>" : "";
        int answered = prompt.LastIndexOf("<tool_response>", StringComparison.Ordinal);
        if (answered >= 0 && prompt.IndexOf(Secret, answered, StringComparison.Ordinal) >= 0)
            return $"{thought}The file says {Secret}.";
        return prompt.Contains("\"name\": \"Read\"", StringComparison.Ordinal)
            ? $"{thought}I look into it.<tool_call>Read<arg_key>file_path</arg_key><arg_value>{file}</arg_value></tool_call>"
            : $"{thought}Yes.";
    }

    /// <summary>One question, its own tools, and nothing but the server under test to talk to.</summary>
    private static ProcessStartInfo Claude(Uri server, string home)
    {
        string[] words =
        [
            Path.Combine(NpmClients.Folder, "node_modules", "@anthropic-ai", "claude-code", "cli.js"),
            "-p", "Which figure is in figure.txt?", "--output-format", "json", "--allowedTools", "Read", "--max-turns", "4",
        ];
        ProcessStartInfo start = Quietly(new ProcessStartInfo("node", words), home);
        start.Environment["ANTHROPIC_BASE_URL"] = server.GetLeftPart(UriPartial.Authority);
        start.Environment["ANTHROPIC_API_KEY"] = "none";
        foreach (string model in (string[])["ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"])
            start.Environment[model] = "glm-5";
        foreach (string off in (string[])["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "DISABLE_ERROR_REPORTING"])
            start.Environment[off] = "1";
        return start;
    }

    /// <summary>An environment of its own, where whatever asks for another host finds a closed port.</summary>
    private static ProcessStartInfo Quietly(ProcessStartInfo start, string home)
    {
        start.WorkingDirectory = home;
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["HOME"] = home;
        start.Environment["HTTPS_PROXY"] = start.Environment["HTTP_PROXY"] = "http://127.0.0.1:9";
        start.Environment["NO_PROXY"] = "127.0.0.1,localhost";
        return start;
    }
}
