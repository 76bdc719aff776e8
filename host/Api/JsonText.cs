using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// How JSON is written here: characters beyond ASCII as themselves, since answers are never part of a page, and without
/// the writer's own checks, since the code that writes has one form.
/// </summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions s_options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>A writer into a buffer or a response.</summary>
    public static Utf8JsonWriter To(IBufferWriter<byte> output) => new(output, s_options);
}
