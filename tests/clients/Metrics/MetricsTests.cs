using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Metrics;

/// <summary>
/// What <c>/metrics</c> counts. Alone in the process: an exporter reads the instruments of every server in it.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class MetricsTests
{
    private const string Question = """{"prompt": "x", "max_tokens": 2, "ignore_eos": true}""";

    /// <summary>The exporter gives the same answer for this long.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromMilliseconds(400);

    [TestMethod]
    public async Task They_count_answers_by_reason_and_the_bytes_of_bodies()
    {
        var backend = new FailingBackend();
        await using RunningServer server = await RunningServer.StartAsync(backend: backend);
        string before = await MetricsAsync(server);
        for (int i = 0; i < 3; i++)
            await server.AnswerAsync("/v1/completions", Question);
        string after;
        using (await HoldBodyAsync(server))
            after = await MetricsAsync(server);
        Assert.AreEqual(1, Value(after, "glm5_ready"));
        Assert.AreEqual(3, Finished(after, "length") - Finished(before, "length"));
        Assert.AreEqual(0, Finished(after, "error") - Finished(before, "error"));
        Assert.AreEqual(6, Value(after, "glm5_generated_tokens_total") - Value(before, "glm5_generated_tokens_total"));
        Assert.AreEqual(16 * 1024, Value(after, "glm5_request_bodies_held_bytes"));
        Assert.Contains("http_server_request_duration_seconds", after);

        backend.Break();
        (HttpStatusCode status, _) = await server.PostAsync("/v1/completions", Question);
        Assert.AreEqual(HttpStatusCode.InternalServerError, status);
        string last = await MetricsAsync(server);
        Assert.AreEqual(0, Value(last, "glm5_ready"));
        Assert.AreEqual(1, Finished(last, "error") - Finished(before, "error"));
        Assert.AreEqual(3, Finished(last, "length") - Finished(before, "length"));
        Assert.AreEqual(0, Value(last, "glm5_request_bodies_held_bytes"));
    }

    /// <summary>Sends the beginning of a body.</summary>
    private static async Task<TcpClient> HoldBodyAsync(RunningServer server)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n"
            + "\r\n{"));
        return socket;
    }

    private static async Task<string> MetricsAsync(RunningServer server)
    {
        await Task.Delay(s_kept);
        return await server.Http.GetStringAsync("/metrics");
    }

    private static double Finished(string metrics, string reason) =>
        Value(metrics, "glm5_requests_finished_total", $"finish_reason=\"{reason}\"");

    /// <summary>The value of a metric, 0 while it is not exported.</summary>
    private static double Value(string metrics, string name, string label = "")
    {
        Match found = Regex.Match(metrics, $@"(?m)^{name}(\{{[^}}]*{Regex.Escape(label)}[^}}]*\}})? (\S+)");
        return found.Success ? double.Parse(found.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
    }
}
