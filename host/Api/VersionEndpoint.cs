using Glm5.Host.Cli;

namespace Glm5.Host.Api;

/// <summary><c>GET /version</c>.</summary>
internal static class VersionEndpoint
{
    public static Task AnswerAsync(HttpContext http) =>
        http.Response.WriteAsJsonAsync(new VersionAnswer(ProgramVersion.Text), WireJson.Readable.VersionAnswer);
}
