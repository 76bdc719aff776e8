using System.Net;

namespace Glm5.Tests.Clients.Access;

/// <summary>Pages of allowed origins, as their browser asks for them.</summary>
[TestClass]
public sealed class CorsTests
{
    [TestMethod]
    [DataRow("https://chat.example", "https://chat.example", "https://chat.example")]
    [DataRow("https://chat.example", "https://evil.example", null)]
    [DataRow("*", "https://any.example", "*")]
    public async Task A_preflight_is_answered_for_allowed_origins_without_a_key(string allowed, string origin, string? answered)
    {
        await using RunningServer server = await RunningServer.ListenAsync(
            o => o with { AllowedOrigins = [allowed], ApiKeys = ["secret"] });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        preflight.Headers.Add("Origin", origin);
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using HttpResponseMessage answer = await server.Http.SendAsync(preflight);
        Assert.AreEqual(answered, Header(answer, "Access-Control-Allow-Origin"));
        if (answered is null)
            return;
        Assert.AreEqual(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Contains("authorization", Header(answer, "Access-Control-Allow-Headers")!);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("{}") };
        request.Headers.Add("Origin", origin);
        using HttpResponseMessage refusal = await server.Http.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.Unauthorized, refusal.StatusCode);
        Assert.AreEqual(answered, Header(refusal, "Access-Control-Allow-Origin"));
        Assert.Contains("x-request-id", Header(refusal, "Access-Control-Expose-Headers")!);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(",", values) : null;
}
