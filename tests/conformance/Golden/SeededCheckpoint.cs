using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glm5.Core.Model;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Conformance.Golden;

/// <summary>
/// A checkpoint of seeded random weights in a scratch folder, for shapes that no golden checkpoint has. There is
/// nothing to compare its values with but another run of the same.
/// </summary>
public sealed class SeededCheckpoint : IDisposable
{
    private readonly Random _random;

    /// <summary>tiny-full with some keys of its config replaced.</summary>
    public SeededCheckpoint(int seed, params (string Key, JsonNode? Value)[] replaced)
    {
        _random = new Random(seed);
        byte[] published = File.ReadAllBytes(Path.Combine(Repository.Golden("tiny-full"), "config.json"));
        JsonObject config = JsonNode.Parse(published)!.AsObject();
        foreach ((string key, JsonNode? value) in replaced)
            config[key] = value;
        byte[] json = Encoding.UTF8.GetBytes(config.ToJsonString());
        File.WriteAllBytes(Path.Combine(Folder, "config.json"), json);
        TensorSpec[] tensors = [.. TensorInventory.Expected(ModelConfig.Parse(json, Folder))];
        using FileStream file = File.Create(Path.Combine(Folder, "model.safetensors"));
        WriteHeader(file, tensors);
        foreach (TensorSpec tensor in tensors)
            file.Write(Values(tensor));
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("glm5-seeded-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static bool IsF32(TensorSpec tensor) => tensor.Role == TensorRole.RouterBias;

    private static void WriteHeader(FileStream file, TensorSpec[] tensors)
    {
        var header = new JsonObject();
        long end = 0;
        foreach (TensorSpec tensor in tensors)
        {
            long first = end;
            end += tensor.Rows * tensor.Columns * (IsF32(tensor) ? sizeof(float) : sizeof(ushort));
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = IsF32(tensor) ? "F32" : "BF16",
                ["shape"] = tensor.IsVector
                    ? new JsonArray(tensor.Columns)
                    : new JsonArray(tensor.Rows, tensor.Columns),
                ["data_offsets"] = new JsonArray(first, end),
            };
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        file.Write(length);
        file.Write(json);
    }

    /// <summary>Norms about 1, biases about 0, matrices that keep the size of what they are applied to.</summary>
    private ReadOnlySpan<byte> Values(TensorSpec tensor)
    {
        float mean = tensor.Role == TensorRole.Norm && !tensor.Name.EndsWith(".bias", StringComparison.Ordinal) ? 1 : 0;
        float spread = tensor.IsVector ? 0.2f : 1.7f / MathF.Sqrt(tensor.Columns);
        var values = new float[tensor.Rows * tensor.Columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = mean + (spread * ((2 * _random.NextSingle()) - 1));
        return IsF32(tensor)
            ? MemoryMarshal.AsBytes(values.AsSpan())
            : MemoryMarshal.AsBytes(Array.ConvertAll(values, v => Bf16.FromFloat(v)).AsSpan());
    }
}
