using System.Buffers;
using System.Text.Json;
using Glm5.Host.Cli;

namespace Glm5.Host.Api.OpenApi;

/// <summary>
/// <c>GET /openapi.json</c>: every path with the fields that it takes and gives. Kept by hand in the files beside this one,
/// the paths in <c>document.json</c> and the schemas by API, and put together when somebody asks first.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>Resources that it is made of are named by this and their file's name.</summary>
    private const string Prefix = "openapi/";

    private const string Main = Prefix + "document.json";

    private static readonly Lazy<byte[]> s_bytes = new(Assemble);

    /// <summary>The document.</summary>
    public static ReadOnlySpan<byte> Bytes => s_bytes.Value;

    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = s_bytes.Value.Length;
        return http.Response.Body.WriteAsync(s_bytes.Value, http.RequestAborted).AsTask();
    }

    private static byte[] Assemble()
    {
        var bytes = new ArrayBufferWriter<byte>(64 << 10);
        using (Utf8JsonWriter json = JsonText.To(bytes))
        {
            json.WriteStartObject();
            foreach (JsonProperty part in Read(Main).EnumerateObject())
            {
                switch (part.Name)
                {
                    case "info":
                        WriteInfo(json, part.Value);
                        break;
                    case "components":
                        WriteComponents(json, part.Value);
                        break;
                    default:
                        part.WriteTo(json);
                        break;
                }
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteInfo(Utf8JsonWriter json, JsonElement info)
    {
        json.WriteStartObject("info"u8);
        foreach (JsonProperty field in info.EnumerateObject())
        {
            if (field.Name == "version")
                json.WriteString("version"u8, ProgramVersion.Text);
            else
                field.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter json, JsonElement components)
    {
        json.WriteStartObject("components"u8);
        foreach (JsonProperty part in components.EnumerateObject())
            part.WriteTo(json);
        json.WriteStartObject("schemas"u8);
        foreach (string name in typeof(OpenApiDocument).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name == Main)
                continue;
            foreach (JsonProperty schema in Read(name).EnumerateObject())
                schema.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static JsonElement Read(string resource)
    {
        using Stream stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(resource)!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
