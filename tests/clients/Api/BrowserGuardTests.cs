using System.Net;
using System.Text;

namespace Glm5.Tests.Clients.Api;

/// <summary>Web pages of other sites cannot use the server through a browser on its machine.</summary>
[TestClass]
public sealed class BrowserGuardTests
{
    private static RunningServer? _server;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) =>
        _server = await RunningServer.StartAsync(o => o with { AllowedOrigins = ["https://chat.example"] });

    [ClassCleanup]
    public static async Task StopAsync() => await _server!.DisposeAsync();

    [TestMethod]
    [DataRow("application/json", null, null, HttpStatusCode.OK)]
    [DataRow("application/json; charset=utf-8", "http://{server}", null, HttpStatusCode.OK)]
    [DataRow("text/plain", null, null, HttpStatusCode.UnsupportedMediaType)]
    [DataRow(null, null, null, HttpStatusCode.UnsupportedMediaType)]
    [DataRow("application/json", "https://evil.example", null, HttpStatusCode.Forbidden)]
    [DataRow("application/json", "null", null, HttpStatusCode.Forbidden)]
    [DataRow("application/json", "http://127.0.0.1:1", null, HttpStatusCode.Forbidden)]
    [DataRow("application/json", "https://chat.example", null, HttpStatusCode.OK)]
    [DataRow("application/json", null, "localhost:8000", HttpStatusCode.OK)]
    [DataRow("application/json", null, "[::1]:8000", HttpStatusCode.OK)]
    [DataRow("application/json", null, "rebound.example:8000", HttpStatusCode.MisdirectedRequest)]
    [DataRow("application/json", "http://rebound.example", "rebound.example", HttpStatusCode.MisdirectedRequest)]
    public async Task A_request_is_taken_only_from_a_client_or_a_page_that_may_ask(
        string? type, string? origin, string? host, HttpStatusCode expected)
    {
        RunningServer server = _server!;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"prompt": "x", "max_tokens": 1}""")),
        };
        request.Headers.Host = host;
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (origin is not null)
            request.Headers.Add("Origin", origin.Replace("{server}", server.Address.Authority, StringComparison.Ordinal));
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        Assert.AreEqual(expected, answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
