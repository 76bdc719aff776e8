using System.IO.Pipelines;
using System.Text;
using Glm5.Core;
using Glm5.Host.Api;
using Glm5.Host.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Glm5.Tests.Clients.Api;

/// <summary>The memory that a request's body takes while it arrives.</summary>
[TestClass]
public sealed class RequestBodyTests
{
    private const int First = 16 * 1024;

    [TestMethod]
    [DataRow(32L << 20)]
    [DataRow(1L << 30)]
    public async Task It_grows_with_the_bytes_that_arrive_and_not_with_those_announced(long announced)
    {
        BodyBudget budget = Budget(announced, 2 * announced);
        var way = new Pipe();
        Task<RequestBody> reading = RequestBody.ReadAsync(Request(budget, way.Reader.AsStream(), announced));
        await way.Writer.WriteAsync("{"u8.ToArray());
        Assert.AreEqual(First, budget.Held);
        await way.Writer.WriteAsync(new byte[100_000]);
        await Until.TrueAsync(() => budget.Held == 128 * 1024, "it did not grow");
        await way.Writer.CompleteAsync(new IOException("the client has gone"));
        await Assert.ThrowsAsync<Exception>(() => reading);
        Assert.AreEqual(0, budget.Held);
    }

    [TestMethod]
    [DataRow("""{"a": "\ud83d"}""")]
    [DataRow("""{"\ud83d": 1}""")]
    [DataRow("""{"b": [{"\udc00": 1, "\udc00": 2}]}""")]
    public void Half_a_character_is_refused_in_values_and_in_names(string json)
    {
        ApiException refusal = Assert.ThrowsExactly<ApiException>(() => RequestBody.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.Contains("half of a surrogate pair", refusal.Message);
    }

    [TestMethod]
    [DataRow(First, true)]
    [DataRow(First, false)]
    [DataRow(64 * 1024, true)]
    [DataRow(64 * 1024, false)]
    [DataRow(100_000, false)]
    public async Task A_body_of_exactly_the_limit_is_taken(int size, bool announced)
    {
        BodyBudget budget = Budget(size, 1 << 20);
        string json = $"{{\"a\": \"{new string('x', size - 9)}\"}}";
        using (RequestBody body = await RequestBody.ReadAsync(Request(budget, Bytes(json), announced ? size : null)))
        {
            Assert.AreEqual(size - 9, body.Root.GetProperty("a").GetString()!.Length);
            if (announced)
                Assert.AreEqual(size, budget.Held, "nothing is held beyond the body");
        }

        Assert.AreEqual(0, budget.Held);
    }

    [TestMethod]
    public async Task A_body_that_finds_no_room_is_told_to_come_again_and_leaves_nothing_behind()
    {
        BodyBudget budget = Budget(1 << 20, 100_000);
        ApiException refusal = await Assert.ThrowsAsync<ApiException>(
            () => RequestBody.ReadAsync(Request(budget, Bytes(new string(' ', 1 << 19)), null)));
        Assert.AreEqual(503, refusal.Status);
        Assert.IsNotNull(refusal.RetryAfter);
        Assert.AreEqual(0, budget.Held);
    }

    private static BodyBudget Budget(long largest, long held) => new(new ServeOptions
    {
        Model = new ModelOptions { Folder = "" },
        ServedNames = ["x"],
        MaxBodyBytes = largest,
        MaxBodyBytesHeld = held,
    });

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static DefaultHttpContext Request(BodyBudget budget, Stream body, long? announced)
    {
        var http = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(budget).BuildServiceProvider(),
        };
        (http.Request.Body, http.Request.ContentLength) = (body, announced);
        http.Request.ContentType = "application/json";
        return http;
    }
}
