using System.Diagnostics;
using System.Net;
using System.Text;
using Glm5.Host.Api;
using Glm5.Tests.Clients.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Clients.Metrics;

/// <summary>Each request as a span.</summary>
[TestClass]
[DoNotParallelize]
public sealed class TraceTests
{
    private const string Caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Question = """{"messages": [{"role": "user", "content": "unheard-of-word"}], "max_tokens": 5, "temperature": 0.5}""";

    [TestMethod]
    public async Task A_span_has_the_request_its_tokens_and_its_caller_and_nothing_that_was_said()
    {
        RunningServer server = await SharedServer.Server;
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AnswerTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Question, null, "application/json"),
        };
        request.Headers.Add("traceparent", Caller);
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        Activity span = spans.Single();
        Assert.AreEqual("chat glm5-nano", span.DisplayName);
        Assert.AreEqual(ActivityKind.Server, span.Kind);
        Assert.AreEqual("0af7651916cd43dd8448eb211c80319c", span.TraceId.ToString());
        Assert.AreEqual("b7ad6b7169203331", span.ParentSpanId.ToString());
        Assert.AreEqual(5, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.AreEqual("length", ((string[])span.GetTagItem("gen_ai.response.finish_reasons")!).Single());
        Assert.AreEqual(answer.Headers.GetValues("x-request-id").Single(), span.GetTagItem("glm5.request.id"));
        Assert.AreEqual("first_token", span.Events.Single().Name);
        Assert.DoesNotContain("unheard-of-word", string.Join(' ', span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}")));

        (HttpStatusCode status, _) = await server.PostAsync("/v1/completions", """{"prompt": 5.5}""");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        await Until.TrueAsync(() => spans.Count == 2, "the refused request has no span");
        Assert.AreEqual(400, spans.Last().GetTagItem("http.response.status_code"));
    }

    [TestMethod]
    public async Task A_collector_gets_the_spans_by_otlp()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        collector.MapPost("/v1/traces", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received.TrySetResult($"{http.Request.ContentType} {Encoding.UTF8.GetString(body.ToArray())}");
        });
        await collector.StartAsync();
        RunningServer server = await RunningServer.StartAsync(
            o => o with { TracesEndpoint = new Uri(collector.Urls.First() + "/v1/traces") });
        await server.AnswerAsync("/v1/chat/completions", Question);
        await server.DisposeAsync(); // What is collected is sent at the end, if not before.
        string sent = await received.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith("application/x-protobuf", sent);
        Assert.Contains("gen_ai.request.model", sent);
        Assert.Contains("glm5-nano", sent);
    }
}
