using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// vLLM's <c>stop_reason</c>: which of the request's own stop strings or ids ended the answer; null for the model's.
/// </summary>
internal static class StopReason
{
    public static void Write(Utf8JsonWriter json, (string? Text, int? Id) reason)
    {
        if (reason.Id is { } id)
            json.WriteNumber(Names.StopReason, id);
        else
            json.WriteString(Names.StopReason, reason.Text);
    }
}
