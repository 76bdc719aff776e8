using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Conformance.Golden;

/// <summary>
/// A checkpoint as msModelSlim would leave it in W8A8_DYNAMIC: linear matrices as 8-bit integers with a scale and a zero
/// point a row, kv_b_proj and all that decides in its own type, and the description beside it.
/// </summary>
public sealed class QuantisedCheckpoint : IDisposable
{
    /// <summary>Converts a folder.</summary>
    public QuantisedCheckpoint(string folder)
    {
        File.Copy(Path.Combine(folder, "config.json"), Path.Combine(Folder, "config.json"));
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        var header = new JsonObject();
        var description = new JsonObject { ["model_quant_type"] = "W8A8_DYNAMIC" };
        using var data = new MemoryStream();
        foreach (TensorSpec spec in TensorInventory.Expected(checkpoint.Config).Where(s => checkpoint.Contains(s.Name)))
        {
            bool quantised = spec.MayBeQuantised && !spec.Name.Contains("kv_b_proj", StringComparison.Ordinal);
            if (quantised)
                AddQuantised(checkpoint.Weight(spec.Name), header, data);
            else
                AddFloat(checkpoint.Weight(spec.Name), spec.IsVector, header, data);
            description[spec.Name] = quantised ? "W8A8_DYNAMIC" : "FLOAT";
        }

        File.WriteAllText(Path.Combine(Folder, "quant_model_description.json"), description.ToJsonString());
        using FileStream file = File.Create(Path.Combine(Folder, "model.safetensors"));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header), length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        file.Write(length);
        file.Write(json);
        data.WriteTo(file);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("glm5-w8a8-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static void AddQuantised(WeightSource weight, JsonObject header, MemoryStream data)
    {
        var codes = new sbyte[weight.Rows * weight.Columns];
        var scales = new float[weight.Rows];
        var row = new float[weight.Columns];
        for (int r = 0; r < weight.Rows; r++)
        {
            weight.Decode(r, 0, row);
            scales[r] = ChannelScaled.QuantiseRow(row, codes.AsSpan((int)(r * weight.Columns), row.Length));
        }

        Add(header, data, weight.Name, "I8", [weight.Rows, weight.Columns], MemoryMarshal.AsBytes(codes.AsSpan()));
        Add(header, data, WeightNames.ChannelScales(weight.Name), "F32", [weight.Rows, 1], MemoryMarshal.AsBytes(scales.AsSpan()));
        Add(header, data, WeightNames.ChannelOffsets(weight.Name), "F32", [weight.Rows, 1], new byte[weight.Rows * sizeof(float)]);
    }

    private static void AddFloat(WeightSource weight, bool isVector, JsonObject header, MemoryStream data)
    {
        var values = new float[weight.Rows * weight.Columns];
        for (int r = 0; r < weight.Rows; r++)
            weight.Decode(r, 0, values.AsSpan((int)(r * weight.Columns), (int)weight.Columns));
        long[] shape = isVector ? [weight.Columns] : [weight.Rows, weight.Columns];
        Add(header, data, weight.Name, "F32", shape, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private static void Add(JsonObject header, MemoryStream data, string name, string type, long[] shape, ReadOnlySpan<byte> bytes)
    {
        header[name] = new JsonObject
        {
            ["dtype"] = type,
            ["shape"] = new JsonArray([.. shape.Select(s => (JsonNode)s)]),
            ["data_offsets"] = new JsonArray(data.Length, data.Length + bytes.Length),
        };
        data.Write(bytes);
    }
}
