using System.Text;
using Glm5.Host.Metrics;

namespace Glm5.Tests.Clients.Metrics;

/// <summary>Our figures under other servers' names.</summary>
[TestClass]
public sealed class MetricAliasTests
{
    private const string Exported =
        """
        # TYPE a_total counter
        # HELP a_total What it tells.
        a_total{otel_scope_name="Glm5.Engine",position="1"} 10
        a_total{otel_scope_name="Glm5.Engine",position="2"} 4.5
        # TYPE t_seconds histogram
        # HELP t_seconds Times, {in} seconds.
        t_seconds_bucket{otel_scope_name="x",le="0.05"} 1
        t_seconds_bucket{otel_scope_name="x",le="+Inf"} 2
        t_seconds_sum{otel_scope_name="x"} 1.25
        t_seconds_count{otel_scope_name="x"} 2
        # TYPE odd gauge
        # HELP odd Labels with all that may stand in them.
        odd{a="},\"\\",b=""} 7 1700000000000

        """;

    private readonly ExportedMetrics _ours = ExportedMetrics.Read(Exported);

    [TestMethod]
    public void A_copy_has_every_line_with_the_labels_of_the_other_server() => Assert.AreEqual(
        """
        # TYPE x:a_total counter
        # HELP x:a_total What it tells.
        x:a_total{model_name="m",position="1"} 10
        x:a_total{model_name="m",position="2"} 4.5

        """,
        Written(new CopiedMetric("x:a_total", "a_total")));

    [TestMethod]
    public void A_copy_in_another_unit_scales_bounds_and_sum_but_no_counts() => Assert.AreEqual(
        """
        # TYPE t_ms histogram
        # HELP t_ms Times, {in} seconds.
        t_ms_bucket{model_name="m",le="50"} 1
        t_ms_bucket{model_name="m",le="+Inf"} 2
        t_ms_sum{model_name="m"} 1250
        t_ms_count{model_name="m"} 2

        """,
        Written(new CopiedMetric("t_ms", "t_seconds", 1000)));

    [TestMethod]
    public void Lines_are_added_up_chosen_and_divided()
    {
        var first = new Figure("a_total", "position", "1");
        Assert.EndsWith("} 14.5\n", Written(new ComputedMetric("c", "counter", "", [new Figure("a_total")])));
        Assert.EndsWith("} 1.45\n", Written(new ComputedMetric("c", "gauge", "", [new Figure("a_total")], first)));
        Assert.EndsWith("} 5\n", Written(new ComputedMetric("c", "gauge", "", [first], new Figure("t_seconds_count"))));
        Assert.EndsWith("} 0\n", Written(new ComputedMetric("c", "gauge", "", [first], new Figure("absent"))));
    }

    [TestMethod]
    public void Lines_that_become_one_are_added_up() => Assert.EndsWith(
        "r{model_name=\"m\",place=\"all\"} 14.5\n",
        Written(new RelabelledMetric("r", "a_total", "position", "place", _ => "all", "")));

    [TestMethod]
    public void What_was_not_measured_is_not_there() => Assert.AreEqual("", Written(new CopiedMetric("x", "absent")));

    [TestMethod]
    public void Escapes_braces_and_timestamps_are_read()
    {
        Family odd = _ours.Find("odd")!;
        Assert.AreEqual("""},\"\\""", odd.Samples[0].Label("a"));
        Assert.AreEqual("", odd.Samples[0].Label("b"));
        Assert.AreEqual("7", odd.Samples[0].Value);
        Assert.Contains("odd2{model_name=\"m\",a=\"},\\\"\\\\\",b=\"\"} 7\n", Written(new CopiedMetric("odd2", "odd")));
    }

    [TestMethod]
    public void No_name_is_there_twice() => Assert.AreEqual(
        "", string.Join(' ', MetricAliases.All.GroupBy(alias => alias.Name).Where(same => same.Count() > 1).Select(same => same.Key)));

    [TestMethod]
    public void The_metrics_page_lists_every_one_with_its_source()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md"));
        string table = string.Join('\n', MetricAliases.All.Select(alias => $"| `{alias.Name}` | {alias.Here} |"));
        Assert.Contains(table, page, $"the table of docs/metrics.md has to be:\n{table}\n");
    }

    [TestMethod]
    public void A_rate_is_of_the_last_seconds_whoever_asks_how_often()
    {
        var clock = new Access.HandClock();
        long count = 0;
        var rate = new TokenRate(() => count, clock);
        for (int i = 0; i < 100; i++)
        {
            clock.Move(TimeSpan.FromSeconds(0.5));
            count += 50;
            Assert.AreEqual(100, rate.Read(), 1e-9);
        }

        for (int i = 0; i < 40; i++)
        {
            clock.Move(TimeSpan.FromSeconds(0.5));
            rate.Read();
        }

        Assert.AreEqual(0, rate.Read());
    }

    private string Written(MetricAlias alias)
    {
        var text = new StringBuilder();
        alias.Write(_ours, "model_name=\"m\"", text);
        return text.ToString();
    }
}
