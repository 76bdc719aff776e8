using System.Text.Json;

namespace Glm5.Host.Hub;

/// <summary>
/// The files that <c>model.safetensors.index.json</c> names: what must be here before a model is complete.
/// </summary>
internal static class ShardNames
{
    /// <summary>Each shard once, in order.</summary>
    /// <exception cref="HubException">The bytes are not an index, or name something that is not a shard.</exception>
    public static IReadOnlyList<string> Read(ReadOnlyMemory<byte> json)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out JsonElement map)
                || map.ValueKind != JsonValueKind.Object)
            {
                throw Wrong("it has no weight_map object");
            }

            foreach (JsonProperty tensor in map.EnumerateObject())
                names.Add(Shard(tensor.Value));
        }
        // A string with half a surrogate pair parses, but cannot be read.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Wrong(exception.Message);
        }

        return names.Count > 0 ? [.. names] : throw Wrong("it names no tensor");
    }

    private static string Shard(JsonElement value)
    {
        string? name = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return name is not null && ServingFiles.IsWeights(name)
            ? name
            : throw Wrong($"it places a tensor in {Printable.Text(value.GetRawText())}, expected a file beside it");
    }

    private static HubException Wrong(string why) =>
        new(HubFault.Untrustworthy, $"{ServingFiles.Index} is not a shard index: {why}");
}
