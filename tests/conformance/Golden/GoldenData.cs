using System.Runtime.InteropServices;
using System.Text.Json;

namespace Glm5.Tests.Conformance.Golden;

/// <summary>What another implementation computes from a checkpoint: golden.json and golden.safetensors of a folder.</summary>
public sealed class GoldenData
{
    private readonly JsonElement _json;
    private readonly JsonElement _header;
    private readonly byte[] _data;

    /// <summary>Reads a folder's golden files with a reader of its own, so that the loader under test proves nothing to itself.</summary>
    public GoldenData(string folder)
    {
        _json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json"))).RootElement;
        byte[] file = File.ReadAllBytes(Path.Combine(folder, "golden.safetensors"));
        int header = (int)BitConverter.ToUInt64(file);
        _header = JsonDocument.Parse(file.AsMemory(8, header)).RootElement;
        _data = file[(8 + header)..];
    }

    /// <summary>A prompt's token ids: p1, p7, p33, p64, p130.</summary>
    public int[] Prompt(string name) => Ints(_json.GetProperty("prompts").GetProperty(name));

    /// <summary>The greedy continuation of a prompt: 24 tokens.</summary>
    public int[] Greedy(string name) => Ints(_json.GetProperty("greedy").GetProperty(name));

    /// <summary>True when the folder has a tensor of this name.</summary>
    public bool Has(string name) => _header.TryGetProperty(name, out _);

    /// <summary>An F32 tensor as rows of its last dimension.</summary>
    public float[][] Floats(string name) => Rows<float>(name);

    /// <summary>An I32 tensor as rows of its last dimension.</summary>
    public int[][] Integers(string name) => Rows<int>(name);

    private T[][] Rows<T>(string name)
        where T : unmanaged
    {
        JsonElement entry = _header.GetProperty(name);
        long[] offsets = [.. entry.GetProperty("data_offsets").EnumerateArray().Select(o => o.GetInt64())];
        int[] shape = Ints(entry.GetProperty("shape"));
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(_data.AsSpan((int)offsets[0], (int)(offsets[1] - offsets[0])));
        int width = shape[^1];
        var rows = new T[values.Length / width][];
        for (int r = 0; r < rows.Length; r++)
            rows[r] = values.Slice(r * width, width).ToArray();
        return rows;
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
