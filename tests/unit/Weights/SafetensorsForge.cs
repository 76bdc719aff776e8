using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Glm5.Tests.Unit.Weights;

/// <summary>Writes safetensors files, honest and otherwise. Data is a hole in the file: it costs no disk.</summary>
internal static class SafetensorsForge
{
    /// <summary>A file with exactly these bytes in front.</summary>
    public static string WriteRaw(string path, ulong declaredHeader, ReadOnlySpan<byte> header, long dataLength)
    {
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, declaredHeader);
        using FileStream file = new(path, FileMode.Create);
        file.Write(prefix);
        file.Write(header);
        file.SetLength(8 + header.Length + dataLength);
        return path;
    }

    /// <summary>A header and data of a length of one's choice.</summary>
    public static string Write(string path, string header, long dataLength)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(header);
        return WriteRaw(path, (ulong)bytes.Length, bytes, dataLength);
    }

    /// <summary>An honest file of tensors, one after the other.</summary>
    public static long WriteTensors(string path, IEnumerable<(string Name, string Type, long[] Shape)> tensors)
    {
        using MemoryStream header = new();
        long at = 0;
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            foreach ((string name, string type, long[] shape) in tensors)
            {
                long bytes = type switch { "F32" => 4, "BF16" => 2, _ => 1 };
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (long size in shape)
                {
                    bytes *= size;
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        WriteRaw(path, (ulong)header.Length, header.ToArray(), at);
        return at;
    }

    /// <summary>Changes the header of an existing file; its data keeps its bytes.</summary>
    public static void EditHeader(string path, Action<JsonObject> edit)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        edit(header);
        byte[] edited = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)edited.Length);
        File.WriteAllBytes(path, [.. prefix, .. edited, .. bytes.AsSpan(8 + length)]);
    }

    /// <summary>The header of a file, as text.</summary>
    public static string ReadHeader(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return Encoding.UTF8.GetString(bytes, 8, (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }
}
