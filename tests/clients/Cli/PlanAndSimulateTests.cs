using System.Text.Json;
using Glm5.Host.Cli;
using Glm5.Host.Simulation;

namespace Glm5.Tests.Clients.Cli;

/// <summary><c>glm5 plan</c> and <c>glm5 simulate</c>, as people and programs start them.</summary>
[TestClass]
public sealed class PlanAndSimulateTests
{
    [TestMethod]
    public async Task A_plan_for_programs_has_every_layout_and_the_one_that_fits()
    {
        await using Glm5Process glm5 = Glm5Process.Start(["plan", "--device", "sim:h200x8", "--json"]);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        using JsonDocument plan = JsonDocument.Parse(glm5.Said);
        Assert.AreEqual("TP8", plan.RootElement.GetProperty("chosen").GetProperty("layout").GetString());
        CollectionAssert.AreEqual(
            (string[])["fp8", "bf16"],
            plan.RootElement.GetProperty("cache_formats").EnumerateArray().Select(f => f.GetProperty("kv_cache_dtype").GetString()).ToArray());
        Assert.AreEqual(119_028, plan.RootElement.GetProperty("tensor_count").GetInt32());
        Assert.IsGreaterThan(12, plan.RootElement.GetProperty("layouts").GetArrayLength());
    }

    [TestMethod]
    public async Task A_layout_that_does_not_fit_ends_with_the_code_for_devices_and_says_what_would()
    {
        await using Glm5Process glm5 = Glm5Process.Start(["plan", "--device", "sim:h200x8", "-tp", "4"]);
        Assert.AreEqual(ExitCode.Device, await glm5.EndAsync());
        Assert.Contains("--tensor-parallel-size 8 would fit", glm5.Said);
    }

    [TestMethod]
    public async Task A_plan_counts_the_layout_that_is_asked_for()
    {
        await using Glm5Process glm5 = Glm5Process.Start(["plan", "--device", "sim:h200x8", "-tp", "2", "-dp", "4", "--json"]);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        using JsonDocument plan = JsonDocument.Parse(glm5.Said);
        Assert.AreEqual("DP4 x TP2 + EP8", plan.RootElement.GetProperty("chosen").GetProperty("layout").GetString());
    }

    [TestMethod]
    [DataRow("TP8", "")]
    [DataRow("TP8 + EP8", "--enable-expert-parallel")]
    [DataRow("DP4 x TP2 + EP8", "--data-parallel-size 4")]
    public async Task A_simulation_prints_its_figures_for_programs(string layout, string flags)
    {
        await using Glm5Process glm5 = Glm5Process.Start(
            ["simulate", "--num-prompts", "4", "--input-len", "50..100", "--output-len", "5", "--json",
                .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        using JsonDocument answer = JsonDocument.Parse(glm5.Said);
        Assert.AreEqual(layout, answer.RootElement.GetProperty("layout").GetString());
        Assert.AreEqual(20, answer.RootElement.GetProperty("result").GetProperty("output_tokens").GetInt64());
    }

    [TestMethod]
    [DataRow("simulate --input-len x", "expected a number of tokens such as 1000")]
    [DataRow("simulate --device sim:a100x8", "expected sim:DEVICExN with a device of h200")]
    [DataRow("plan --gpu-memory-utilization 2", "expected a number above 0 and up to 1")]
    public void Wrong_words_are_answered_with_right_ones(string line, string answer) =>
        Assert.Contains(answer, ParsedLine.ErrorsOf(line));

    [TestMethod]
    public void Acceptance_lengths_and_chances_are_two_views_of_one_thing()
    {
        double p = Simulator.AcceptanceFor(3.48, 3);
        Assert.AreEqual(3.48, 1 + p + (p * p) + (p * p * p), 1e-9);
        CollectionAssert.AreEqual((double[])[0.5, 0.5, 0], Simulator.Conditional([0.5, 0.25, 0]));
    }

    [TestMethod]
    public void Every_published_figure_can_be_simulated_and_has_a_source()
    {
        foreach (PublishedFigure figure in PublishedFigure.All())
        {
            Assert.IsNotNull(ModelShape.Published(figure.Model), figure.System);
            Assert.IsNotNull(Core.Simulation.LengthRange.Parse(figure.Input), figure.System);
            Assert.IsGreaterThan(5, figure.Source.Length, figure.System);
            Assert.IsTrue(figure.OutputTokensPerSecond > 0 || figure.TpotMilliseconds > 0, figure.System);
        }
    }

    [TestMethod]
    public void Committed_comparisons_are_of_these_figures_and_give_a_reason_where_they_are_far_off()
    {
        string path = Path.Combine(Repository.Root, "tests", "benchmarks", "results", "simulate.published.json");
        using JsonDocument committed = JsonDocument.Parse(File.ReadAllBytes(path));
        IReadOnlyList<PublishedFigure> figures = PublishedFigure.All();
        JsonElement compared = committed.RootElement.GetProperty("compared");
        Assert.AreEqual(figures.Count, compared.GetArrayLength());
        for (int i = 0; i < figures.Count; i++)
        {
            JsonElement published = compared[i].GetProperty("published");
            Assert.AreEqual(
                JsonSerializer.Serialize(figures[i], PublishedJson.Default.PublishedFigure),
                JsonSerializer.Serialize(published.Deserialize(PublishedJson.Default.PublishedFigure), PublishedJson.Default.PublishedFigure));
            Assert.AreEqual(compared[i].GetProperty("is_far_off").GetBoolean(), figures[i].Why.Length > 0, figures[i].System);
        }
    }
}
