using System.Text.Json;

namespace Glm5.Core.Weights;

/// <summary>
/// <c>model.safetensors.index.json</c>: <c>{"metadata": {...}, "weight_map": {tensor: file}}</c>. The shards' own
/// headers are what counts; the index says which files belong to the checkpoint and is checked against them.
/// </summary>
internal static class ShardIndex
{
    public const string FileName = "model.safetensors.index.json";
    private const int LargestFile = 256 << 20;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <summary>Tensor name to file name; empty after problems that leave nothing to go on.</summary>
    public static Dictionary<string, string> Read(string path, FileReads reads, ProblemList problems)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                problems.Add($"{FileName} is larger than {LargestFile} bytes: it is not a shard index");
                return files;
            }

            using JsonDocument document = JsonDocument.Parse(reads.All(path), s_strict);
            ReadMap(document.RootElement, files, problems);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            problems.Add($"{FileName} is not valid JSON: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{FileName} cannot be read: {exception.Message}");
        }

        return files;
    }

    private static void ReadMap(JsonElement root, Dictionary<string, string> files, ProblemList problems)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out JsonElement map)
            || map.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{FileName} has no weight_map object; expected {{\"weight_map\": {{tensor: file}}}}");
            return;
        }

        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (file is null || !IsPlainName(file))
            {
                // An index must not lead out of its folder.
                problems.Add($"{FileName} places", entry.Name,
                    $" in {TensorNameSet.Printable(entry.Value.GetRawText())}; "
                    + "expected the name of a file in the same folder");
                continue;
            }

            files.Add(entry.Name, file);
        }
    }

    private static bool IsPlainName(string file) =>
        file.Length > 0 && file is not ("." or "..") && file.IndexOfAny(['/', '\\', '\0', ':']) < 0;
}
