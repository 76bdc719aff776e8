using System.Text.Json;

namespace Glm5.Core.Weights;

/// <summary>
/// msModelSlim's <c>quant_model_description.json</c>: a map from tensor names to how each was quantised. What a tensor is,
/// its own header says; the map is held against it, because it alone tells apart formats that store the same bytes.
/// </summary>
internal static class QuantDescription
{
    public const string FileName = "quant_model_description.json";

    private const string Float = "FLOAT", Dynamic8 = "W8A8_DYNAMIC";

    /// <summary>
    /// Adds a problem for every tensor in use whose format is not served. A folder without the file has none.
    /// </summary>
    public static void Check(
        string folder, FileReads reads, Dictionary<string, (int File, StoredTensor Tensor)> used, ProblemList problems)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(reads.All(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"{FileName}: expected an object from tensor names to formats, got {document.RootElement.ValueKind}");
                return;
            }

            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            {
                if (used.TryGetValue(entry.Name, out (int File, StoredTensor Tensor) found))
                {
                    Check(entry, found.Tensor, problems);
                }
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            problems.Add($"{FileName} cannot be read: {e.Message}");
        }
    }

    private static void Check(JsonProperty entry, StoredTensor tensor, ProblemList problems)
    {
        string? format = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
        if (format is not (Float or Dynamic8))
        {
            problems.Add("a format that is not served of", tensor.Name,
                $": {FileName} says {TensorNameSet.Printable(format ?? entry.Value.ValueKind.ToString())}, "
                + $"served are {Float} and {Dynamic8}");
        }
        else if (tensor.Type == StoredType.I8 != (format == Dynamic8) && IsMatrix(tensor))
        {
            problems.Add("contradiction about", tensor.Name,
                $": {FileName} says {format}, the file stores {tensor.Type.Name()}");
        }
    }

    /// <summary>Scales and zero points carry the format of their matrix.</summary>
    private static bool IsMatrix(StoredTensor tensor) => tensor.Shape is [_, > 1];
}
