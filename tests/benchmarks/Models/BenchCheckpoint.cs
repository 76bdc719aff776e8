using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Glm5.Benchmarks.Models;

/// <summary>
/// Writes a seeded random checkpoint in the Hugging Face layout: <c>model.safetensors</c> and <c>config.json</c>, no
/// tokenizer (token ids in and out). Both formats hold the same underlying values, rounded differently. Memory stays at
/// a few megabytes.
/// </summary>
internal sealed class BenchCheckpoint(Glm5Shape shape, WeightFormat format, ulong seed)
{
    private const int HeaderAlignment = 64;
    private const int ChunkElements = 1 << 18;

    private readonly IReadOnlyList<BenchTensor> _tensors = BenchInventory.Of(shape);

    /// <summary>Writes the folder, replacing these two files, and returns the bytes of weights.</summary>
    public long Write(string folder)
    {
        Directory.CreateDirectory(folder);
        using (FileStream file = File.Create(Path.Combine(folder, "model.safetensors"), bufferSize: 1 << 16))
        {
            WriteHeader(file);
            foreach (BenchTensor tensor in _tensors)
            {
                WriteValues(file, tensor);
            }
        }

        // Last: an interrupted run leaves no config, so nothing takes the folder for a model.
        BenchConfig.Write(Path.Combine(folder, "config.json"), shape, format);
        return _tensors.Sum(tensor => tensor.Bytes(format));
    }

    private void WriteHeader(FileStream file)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            long offset = 0;
            json.WriteStartObject();
            foreach (BenchTensor tensor in _tensors)
            {
                WriteEntries(json, tensor, ref offset);
            }

            json.WriteEndObject();
        }

        while ((sizeof(ulong) + header.Length) % HeaderAlignment != 0)
        {
            header.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        header.WriteTo(file);
    }

    private void WriteEntries(Utf8JsonWriter json, BenchTensor tensor, ref long offset)
    {
        if (tensor.IsFp8(format))
        {
            string scales = tensor.Name + "_scale_inv";
            long scaleBytes = tensor.Bytes(format) - tensor.Count;
            WriteEntry(json, tensor.Name, "F8_E4M3", [tensor.Rows, tensor.Columns], tensor.Count, ref offset);
            WriteEntry(json, scales, "F32", [tensor.ScaleRows, tensor.ScaleColumns], scaleBytes, ref offset);
            return;
        }

        bool vector = tensor.Kind is TensorKind.Vector or TensorKind.F32Vector;
        string type = tensor.Kind == TensorKind.F32Vector ? "F32" : "BF16";
        ReadOnlySpan<int> dimensions = vector ? [tensor.Columns] : [tensor.Rows, tensor.Columns];
        WriteEntry(json, tensor.Name, type, dimensions, tensor.Bytes(format), ref offset);
    }

    private static void WriteEntry(
        Utf8JsonWriter json, string name, string type, ReadOnlySpan<int> dimensions, long bytes, ref long offset)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", type);
        json.WriteStartArray("shape");
        foreach (int dimension in dimensions)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + bytes);
        json.WriteEndArray();
        json.WriteEndObject();
        offset += bytes;
    }

    private void WriteValues(FileStream file, BenchTensor tensor)
    {
        KeyedNoise noise = new(seed, tensor.Name);
        if (tensor.IsFp8(format))
        {
            new BlockQuantizer(tensor, noise).Write(file);
            return;
        }

        float[] values = new float[(int)Math.Min(tensor.Count, ChunkElements)];
        ushort[] narrow = new ushort[values.Length];
        for (long first = 0; first < tensor.Count; first += values.Length)
        {
            Span<float> chunk = values.AsSpan(0, (int)Math.Min(values.Length, tensor.Count - first));
            noise.Fill(first, tensor.Mean, tensor.Deviation, chunk);
            if (tensor.Kind == TensorKind.F32Vector)
            {
                file.Write(MemoryMarshal.AsBytes(chunk));
                continue;
            }

            NarrowFloat.ToBf16(chunk, narrow);
            file.Write(MemoryMarshal.AsBytes(narrow.AsSpan(0, chunk.Length)));
        }
    }
}
