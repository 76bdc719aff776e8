using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Glm5.Core;

namespace Glm5.Tests.Clients.Api;

/// <summary>How urgent requests are, and how long they wait at most: in fields and in headers.</summary>
[TestClass]
public sealed class WaitTermsTests
{
    private const string Completion = "/v1/completions", Chat = "/v1/chat/completions", Messages = "/v1/messages";
    private const string Long = """{"prompt": "go on", "max_tokens": 4000, "ignore_eos": true}""";
    private const string Hi = """
        {"model": "glm5-nano", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
        """;

    [TestMethod]
    public async Task A_priority_is_refused_where_who_comes_first_is_served_first()
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(
            Completion, """{"prompt": "x", "max_tokens": 1, "priority": -1}""");
        Assert.AreEqual((HttpStatusCode.BadRequest, "priority"), (status, answer.At("error", "param").GetString()));
        Assert.Contains("--scheduling-policy priority", answer.At("error", "message").GetString()!);
        await server.AnswerAsync(Completion, """{"prompt": "x", "max_tokens": 1, "priority": 0, "queue_timeout_ms": 60000}""");
    }

    [TestMethod]
    [DataRow("x-request-priority", "soon", "expected a whole number, got 'soon'")]
    [DataRow("x-request-priority", "99999999999", "a whole number")]
    [DataRow("x-queue-timeout-ms", "0", "a whole number of at least 1, got '0'")]
    [DataRow("x-queue-timeout-ms", "1.5", "got '1.5'")]
    public async Task A_header_that_holds_no_such_number_is_refused_by_its_name(string name, string value, string sentence)
    {
        RunningServer server = await SharedServer.Server;
        (HttpStatusCode status, JsonElement answer) = await PostAsync(server, Chat, Hi, (name, value));
        Assert.AreEqual((HttpStatusCode.BadRequest, name), (status, answer.At("error", "param").GetString()));
        Assert.Contains(sentence, answer.At("error", "message").GetString()!);
    }

    [TestMethod]
    public async Task A_request_that_waits_too_long_is_answered_with_504_in_every_form()
    {
        await using RunningServer server = await Busy();
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> running = await OccupyAsync(server, leave.Token);
        (HttpStatusCode status, JsonElement answer) = await server.PostAsync(
            Completion, """{"prompt": "x", "max_tokens": 1, "queue_timeout_ms": 20}""");
        Assert.AreEqual(HttpStatusCode.GatewayTimeout, status, answer.ToString());
        Assert.AreEqual("deadline_exceeded", answer.At("error", "code").GetString());
        Assert.Contains("was to wait no longer than 0.0 s", answer.At("error", "message").GetString()!);

        (status, answer) = await PostAsync(server, Messages, Hi, ("x-queue-timeout-ms", "20"));
        Assert.AreEqual(HttpStatusCode.GatewayTimeout, status, answer.ToString());
        Assert.AreEqual("api_error", answer.At("error", "type").GetString());

        using var streamed = new HttpRequestMessage(HttpMethod.Post, Chat)
        {
            Content = new StringContent($$"""{"stream": true, "queue_timeout_ms": 20, {{Hi.TrimStart()[1..]}}""", null, "application/json"),
        };
        using HttpResponseMessage stream = await server.Http.SendAsync(streamed);
        Assert.Contains("\"deadline_exceeded\"", await stream.Content.ReadAsStringAsync());
        await LeaveAsync(running, leave);
    }

    [TestMethod]
    public async Task The_most_urgent_is_served_first_by_field_or_header()
    {
        await using RunningServer server = await Busy();
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> running = await OccupyAsync(server, leave.Token);
        var ends = new List<string>();
        Task[] waiting =
        [
            Then(server.PostAsync(Completion, """{"prompt": "x", "max_tokens": 200, "ignore_eos": true, "priority": 5}"""), "low"),
            Then(server.PostAsync(Completion, """{"prompt": "x", "max_tokens": 200, "ignore_eos": true}"""), "none"),
            Then(PostAsync(server, Chat, Hi, ("x-request-priority", "-5")), "high"),
        ];
        await Until.TrueAsync(() => server.Engine.Status.Waiting == 3, "three should wait");
        await LeaveAsync(running, leave);
        await Task.WhenAll(waiting);
        CollectionAssert.AreEqual(new[] { "high", "none", "low" }, ends);

        async Task Then(Task<(HttpStatusCode Status, JsonElement Body)> request, string name)
        {
            (HttpStatusCode status, JsonElement body) = await request;
            Assert.AreEqual(HttpStatusCode.OK, status, body.ToString());
            lock (ends)
                ends.Add(name);
        }
    }

    /// <summary>A server that runs one sequence at a time, by priority.</summary>
    private static Task<RunningServer> Busy() => RunningServer.StartAsync(o => o with
    {
        Model = o.Model with { MaxSequences = 1, Scheduling = SchedulingPolicy.Priority },
    });

    /// <summary>Sends a request that runs until its client leaves.</summary>
    private static async Task<Task<HttpResponseMessage>> OccupyAsync(RunningServer server, CancellationToken leave)
    {
        Task<HttpResponseMessage> running = server.Http.PostAsync(
            Completion, new StringContent(Long, MediaTypeHeaderValue.Parse("application/json")), leave);
        await Until.TrueAsync(() => server.Engine.Status.Running == 1, "it should run");
        return running;
    }

    private static async Task LeaveAsync(Task<HttpResponseMessage> running, CancellationTokenSource leave)
    {
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => running);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(
        RunningServer server, string path, string json, (string Name, string Value) header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, null, "application/json"),
        };
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using HttpResponseMessage response = await server.Http.SendAsync(request);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}
