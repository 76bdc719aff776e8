using System.Text.Json;
using System.Text.RegularExpressions;
using Glm5.Host.Metrics;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Metrics;

/// <summary>
/// Names that others rely on: those of the dashboard, of the documentation, and those under which other servers' dashboards
/// look. Alone in the process: a server that ends takes its instruments away from the exporters of all others.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed partial class DashboardTests
{
    private static RunningServer? _server;

    /// <summary>A counter that has not counted yet is not exported, nor is a host tier that is not there.</summary>
    private static readonly string[] s_idle =
    [
        "glm5_preemptions_total", "glm5_expired_total", "glm5_draft_tokens_total", "glm5_draft_tokens_accepted_total",
        "glm5_draft_tokens_at_load_total", "glm5_draft_tokens_accepted_at_load_total",
        "glm5_key_tokens_total", "glm5_key_refused_requests_total",
        "glm5_host_cache_blocks_used", "glm5_host_cache_blocks_total", "glm5_host_cache_kept_blocks_total",
        "glm5_host_cache_recalled_blocks_total", "glm5_host_cache_lost_blocks_total",
    ];

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _server = await RunningServer.StartAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await _server!.DisposeAsync();

    [TestMethod]
    public async Task The_operations_page_lists_every_metric_and_no_other()
    {
        string[] exported = [.. (await ExportedAsync()).Where(name => name.StartsWith("glm5_", StringComparison.Ordinal))];
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        string[] listed = [.. Listed().Matches(page).Select(found => found.Groups[1].Value).Distinct()];
        Assert.AreEqual("", string.Join(' ', exported.Except(listed)), "not listed");
        Assert.AreEqual("", string.Join(' ', listed.Except(exported).Except(s_idle)), "not exported");
    }

    [TestMethod]
    public async Task Every_metric_that_the_dashboard_asks_for_exists()
    {
        string[] exported = await ExportedAsync();
        string dashboard = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "glm5.json"));
        string[] asked = [.. JsonElement.Parse(dashboard).At("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.At("targets").EnumerateArray())
            .SelectMany(target => Metric().Matches(target.At("expr").GetString()!))
            .Select(found => HistogramLine().Replace(found.Value, "")).Distinct()];
        Assert.IsGreaterThan(20, asked.Length);
        Assert.AreEqual("", string.Join(' ', asked.Except(exported).Except(s_idle)));
    }

    [TestMethod]
    public async Task Every_alias_is_exported_or_waits_for_a_counter_of_ours()
    {
        string[] exported = await ExportedAsync();
        IEnumerable<MetricAlias> expected = MetricAliases.All.Where(alias => !alias.Sources.Any(s_idle.Contains));
        Assert.AreEqual("", string.Join(' ', expected.Select(alias => alias.Name).Except(exported)));
    }

    [TestMethod]
    public async Task Names_can_be_asked_for()
    {
        RunningServer server = _server!;
        string some = await server.Http.GetStringAsync("/metrics?names=vllm:num_requests,glm5_ready");
        string[] names = [.. TypeLine().Matches(some).Select(found => found.Groups[1].Value)];
        CollectionAssert.AreEqual(new[] { "glm5_ready", "vllm:num_requests_running", "vllm:num_requests_waiting" }, names);
        Assert.Contains("vllm:num_requests_running{model_name=\"glm5-nano\",engine=\"0\"} ", some);
    }

    [TestMethod]
    public async Task What_a_scraper_accepts_changes_nothing()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0, */*");
        request.Headers.Add("Accept-Encoding", "gzip, br");
        using HttpResponseMessage answer = await _server!.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\nglm5_ready{", text);
        Assert.Contains("\nvllm:num_requests_running{", text);
        Assert.IsEmpty(answer.Content.Headers.ContentEncoding);
    }

    private static async Task<string[]> ExportedAsync()
    {
        RunningServer server = _server!;
        await server.AnswerAsync(
            "/v1/chat/completions", """{"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 3}""");
        // The exporter gives the same answer for a while.
        await Task.Delay(400);
        string text = await server.Http.GetStringAsync("/metrics");
        return [.. TypeLine().Matches(text).Select(found => found.Groups[1].Value)];
    }

    [GeneratedRegex("(?m)^# TYPE (\\S+) ")]
    private static partial Regex TypeLine();

    [GeneratedRegex("`(glm5_[a-z_]+)`")]
    private static partial Regex Listed();

    [GeneratedRegex("glm5_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("(?<=_(?:seconds|tokens|sequences))_(?:bucket|sum|count)$")]
    private static partial Regex HistogramLine();
}
