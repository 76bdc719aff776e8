using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api.Responses;

/// <summary>A response as one object, written when it has ended.</summary>
internal sealed class ResponsesPlainReply(HttpContext http, ResponseObject response) : ChatReply
{
    /// <inheritdoc/>
    public override ValueTask BeginAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        Collect();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync(FinishReason? finish)
    {
        Collect();
        http.Response.ContentType = "application/json; charset=utf-8";
        using (Utf8JsonWriter json = JsonText.To(http.Response.BodyWriter))
        {
            response.Write(json, response.StatusOf(finish));
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => throw error;

    private void Collect()
    {
        foreach (OutputPart part in response.Answer.Shown)
            response.Add(part);
    }
}
