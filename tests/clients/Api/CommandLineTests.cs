using System.CommandLine;
using Glm5.Core.Accelerator;
using Glm5.Host;
using Glm5.Host.Cli;

namespace Glm5.Tests.Clients.Api;

/// <summary>What the program's words mean, and which backend they choose.</summary>
[TestClass]
public sealed class CommandLineTests
{
    [TestMethod]
    [DataRow("", "serve")]
    [DataRow("--port 9000", "serve --port 9000")]
    [DataRow("glm5-nano", "serve glm5-nano")]
    [DataRow("/models/GLM-5", "serve /models/GLM-5")]
    [DataRow(". --threads 2", "serve . --threads 2")]
    [DataRow("serve x", "serve x")]
    [DataRow("probe --json", "probe --json")]
    [DataRow("--help", "--help")]
    [DataRow("--version", "--version")]
    [DataRow("srve", "srve")]
    public void Options_or_a_folder_alone_mean_serve(string line, string meaning) =>
        Assert.AreEqual(
            meaning, string.Join(' ', CommandLine.PlaceServe(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    [TestMethod]
    [DataRow("srve")]
    [DataRow("serve /no/such/folder")]
    [DataRow("serve --port 99999")]
    [DataRow("serve --port x")]
    [DataRow("serve --host nowhere.example")]
    [DataRow("serve --device tpu")]
    [DataRow("serve --threads 0")]
    [DataRow("serve --no-such-option")]
    public async Task A_wrong_line_ends_with_the_code_for_usage(string line) =>
        Assert.AreEqual(ExitCode.Usage, await CommandLine.RunAsync(line.Split(' ')));

    [TestMethod]
    [DataRow("serve --api-key k /no/such/folder")]
    [DataRow("serve --served-model-name a --served-model-name b /no/such/folder")]
    public void A_key_or_a_name_leaves_the_model_behind_it_alone(string line)
    {
        ParseResult parsed = CommandLine.Build().Parse(line.Split(' '));
        Assert.Contains("there is no folder '/no/such/folder'", parsed.Errors.Single().Message);
    }

    [TestMethod]
    public void A_key_is_taken_from_the_environment_too_and_is_never_empty()
    {
        string[] empty = ["serve", "--api-key", ""], none = ["serve"];
        Assert.Contains("API key is empty", CommandLine.Build().Parse(empty).Errors.Single().Message);
        Assert.IsEmpty(CommandLine.Build().Parse(none).Errors);
        KeyValuePair<string, string>[] emptied = [KeyValuePair.Create("GLM5_API_KEY", "")];
        Assert.Contains("API key is empty", CommandLine.Parse(CommandLine.Build(), none, emptied).Errors.Single());
    }

    [TestMethod]
    public async Task A_folder_without_a_model_ends_with_the_code_for_models() =>
        Assert.AreEqual(
            ExitCode.Model,
            await CommandLine.RunAsync(["serve", Path.Combine(Repository.Root, "docs"), "--port", "0"]));

    [TestMethod]
    public async Task A_device_that_cannot_take_the_model_ends_with_the_code_for_devices() =>
        Assert.AreEqual(
            ExitCode.Device, await CommandLine.RunAsync(["serve", "--port", "0", "--kv-cache-memory-bytes", "1"]));

    [TestMethod]
    public void The_best_backend_that_is_present_is_chosen_and_each_other_says_why_not()
    {
        // What else is present differs from machine to machine.
        IEnumerable<Backend> processors = BackendCatalog.All.Where(b => b.Name.StartsWith("cpu", StringComparison.Ordinal));
        BackendChoice choice = BackendCatalog.Choose([new Absent(), .. processors], "auto");
        Assert.AreEqual("cpu", choice.Backend.Name);
        Assert.IsNull(choice.Refusal);
        CollectionAssert.AreEqual(
            new[] { "no driver here", "the best that is present", "present, but cpu is preferred" },
            choice.Verdicts.Select(v => v.Reason).ToArray());
        CollectionAssert.AreEqual(new[] { false, true, false }, choice.Verdicts.Select(v => v.Chosen).ToArray());
        Assert.AreEqual("no driver here", BackendCatalog.Choose([new Absent()], "absent").Refusal);
    }

    private sealed class Absent : Backend
    {
        public override string Name => "absent";

        public override int Preference => 100;

        public override ProbeResult Probe() => new([], "no driver here");

        public override IReadOnlyList<IAccelerator> Open(DeviceRequest request) =>
            throw new AcceleratorException("no driver here");
    }
}
