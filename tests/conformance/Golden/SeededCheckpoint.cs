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

    /// <summary>A small model with the head, latent and index widths of GLM-5, which fused kernels ask for.</summary>
    public static SeededCheckpoint WideHeads() => new(
        52, ("num_attention_heads", 8), ("qk_nope_head_dim", 192), ("qk_rope_head_dim", 64), ("qk_head_dim", 256),
        ("v_head_dim", 256), ("kv_lora_rank", 512), ("q_lora_rank", 256), ("index_n_heads", 32),
        ("index_head_dim", 128), ("index_topk", 16), ("hidden_size", 256), ("moe_intermediate_size", 128), ("num_hidden_layers", 2), ("first_k_dense_replace", 1),
        ("num_nextn_predict_layers", 0));

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
