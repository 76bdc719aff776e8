using System.Text.Json;
using Glm5.Host.Cli;
using Glm5.Host.Cli.Flags;

namespace Glm5.Tests.Clients.Cli;

/// <summary>Line before environment before file before default, and how that is shown.</summary>
[TestClass]
public sealed class FlagLayersTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("glm5-flags-").FullName;

    [TestCleanup]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void The_line_prevails_over_the_environment_over_the_file()
    {
        string file = Write("a.yaml", "port: 1001\nthreads: 1\nmax-num-seqs: 5\nmax-model-len: 100\n");
        ParsedLine line = ParsedLine.Of(
            $"--config {file} --port 1003", ("GLM5_PORT", "1002"), ("GLM5_THREADS", "2"), ("GLM5_MAX_NUM_SEQS", "6"));
        Assert.AreEqual((1003, "--port"), (line.Value<int>("--port"), line.From("--port")));
        Assert.AreEqual((2, "GLM5_THREADS"), (line.Value<int>("--threads"), line.From("--threads")));
        Assert.AreEqual(6, line.Value<int>("--max-num-seqs"));
        Assert.AreEqual(
            (100, "max-model-len in a.yaml line 4"), (line.Value<int>("--max-model-len"), line.From("--max-model-len")));
        Assert.AreEqual((1024, null), (line.Value<int>("--max-num-waiting"), line.From("--max-num-waiting")));
    }

    [TestMethod]
    public void Layers_are_compared_by_meaning_not_by_spelling()
    {
        string file = Write("a.yaml", "model: org/filed\nmax-running-requests: 5\n");
        ParsedLine line = ParsedLine.Of("org/lined --tp 4", ("GLM5_CONFIG", file), ("GLM5_TENSOR_PARALLEL_SIZE", "2"));
        Assert.AreEqual("org/lined", line.Value<string>("model"));
        Assert.AreEqual(4, line.Value<int>("--tensor-parallel-size"));
        Assert.AreEqual(5, line.Value<int>("--max-num-seqs"));
    }

    [TestMethod]
    public void The_environment_names_the_model_keys_and_switches()
    {
        ParsedLine line = ParsedLine.Of(
            "serve", ("GLM5_MODEL", "org/name"), ("GLM5_API_KEY", "one, two"), ("GLM5_NO_MMAP", "1"), ("GLM5_OFFLINE", "false"),
            ("GLM5_HOST", ""));
        Assert.AreEqual("org/name", line.Value<string>("model"));
        CollectionAssert.AreEqual(new[] { "one", "two" }, line.Value<string[]>("--api-key"));
        Assert.IsTrue(line.Value<bool>("--no-mmap"));
        Assert.IsFalse(line.Value<bool>("--offline"));
        Assert.AreEqual("127.0.0.1", line.Value<string>("--host"));
    }

    [TestMethod]
    public void A_wrong_value_is_told_with_where_it_stands()
    {
        Assert.AreEqual(
            "--port is 'x'; expected a whole number from 0 to 65535 (given as GLM5_PORT)",
            ParsedLine.ErrorsOf("serve", ("GLM5_PORT", "x")));
        string file = Write("a.yaml", "\nportt: 1\n");
        Assert.AreEqual(
            "portt in a.yaml line 2 is not known; did you mean --port?", ParsedLine.ErrorsOf($"--config {file}"));
        Assert.Contains("(given as GLM5_MODEL)", ParsedLine.ErrorsOf("serve", ("GLM5_MODEL", "/no/such/folder")));
    }

    [TestMethod]
    public void A_variable_that_is_no_flag_is_told_and_what_kubernetes_sets_is_not()
    {
        ParsedLine line = ParsedLine.Of(
            "serve", ("GLM5_PROT", "9"), ("GLM5_PORT", "tcp://10.0.0.1:8000"), ("GLM5_SERVICE_HOST", "10.0.0.1"),
            ("GLM5_PORT_8000_TCP", "tcp://10.0.0.1:8000"), ("OTHER", "1"));
        Assert.AreEqual(8000, line.Value<int>("--port"));
        Assert.AreEqual(
            "GLM5_PROT: there is no such variable; did you mean GLM5_PORT?",
            string.Join(' ', line.Notes.Select(note => $"{note.Spelling}: {note.Reason}")));
        Assert.IsEmpty(ParsedLine.Of("chat", ("GLM5_PORT", "9")).Notes);
    }

    [TestMethod]
    public void A_model_for_all_commands_does_not_stand_in_the_way_of_another_server()
    {
        Assert.AreEqual(
            new Uri("http://127.0.0.1:1"),
            ParsedLine.Of("chat --url http://127.0.0.1:1", ("GLM5_MODEL", "org/name")).Value<Uri>("--url"));
        Assert.Contains("exclude each other", ParsedLine.ErrorsOf("chat org/name --url http://127.0.0.1:1"));
    }

    [TestMethod]
    public void A_file_may_not_name_a_file() =>
        Assert.Contains(
            "belongs on the command line", ParsedLine.ErrorsOf($"--config {Write("a.yaml", "config: b.yaml")}"));

    [TestMethod]
    public void The_printed_configuration_has_every_flag_with_its_source_and_no_key()
    {
        string file = Write("a.json", """{"max-num-seqs": 5, "served-model-name": ["a", "b"]}""");
        ParsedLine line = ParsedLine.Of(
            $"--config {file} --api-key secret --tp 2 --print-config --json", ("GLM5_PORT", "9000"));
        string text = ConfigPrint.Json(line.Command, line.Line, "the model");
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.AreEqual("""{"value":9000,"source":"GLM5_PORT"}""", Compact(json, "port"));
        Assert.AreEqual("""{"value":2,"source":"command line, --tp"}""", Compact(json, "tensor-parallel-size"));
        Assert.AreEqual("""{"value":5,"source":"max-num-seqs in a.json line 1"}""", Compact(json, "max-num-seqs"));
        Assert.AreEqual("""{"value":["***"],"source":"command line"}""", Compact(json, "api-key"));
        Assert.AreEqual("""{"value":false,"source":"default"}""", Compact(json, "offline"));
        Assert.AreEqual("""{"value":null,"source":"default"}""", Compact(json, "max-model-len"));
        Assert.DoesNotContain("secret", text);
        foreach (FlagGroup group in line.Command.Groups)
        {
            foreach (System.CommandLine.Option option in group.Options)
            {
                bool isShown = json.RootElement.TryGetProperty(option.Name[2..], out _);
                Assert.AreEqual(option.Name is not ("--json" or "--print-config"), isShown, option.Name);
            }
        }
    }

    [TestMethod]
    public async Task Printing_the_configuration_starts_nothing() =>
        Assert.AreEqual(ExitCode.Done, await CommandLine.RunAsync(["serve", "org/never-fetched", "--print-config"], []));

    private static string Compact(JsonDocument json, string flag) =>
        JsonSerializer.Serialize(json.RootElement.GetProperty(flag));

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
