using System.Collections.Immutable;
using System.Text.Json;
using static Glm5.Core.Weights.TensorNameSet;

namespace Glm5.Core.Weights;

/// <summary>
/// The JSON header: <c>{"__metadata__": {...}, name: {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}}</c>,
/// offsets counted from the first data byte. Input is taken to be hostile: nothing here trusts a number it has not
/// compared with the file, and problems are collected, not thrown.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int MostDimensions = 8;

    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _notices = [];
    private readonly long _dataStart;
    private readonly long _dataLength;

    private SafetensorsHeader(long dataStart, long dataLength)
    {
        _dataStart = dataStart;
        _dataLength = dataLength;
    }

    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    public IReadOnlyList<string> Notices => _notices;

    public ProblemList Problems { get; } = new();

    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">Bytes of the file after the header.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        SafetensorsHeader header = new(sizeof(ulong) + json.Length, dataLength);
        try
        {
            header.Read(json);
        }
        catch (JsonException exception)
        {
            header.Problems.Add($"its header is not valid JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            header.Problems.Add("its header holds a string that is not valid Unicode");
        }

        header.CheckLayout();
        return header;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            Problems.Add("its header is not a JSON object");
            return;
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (!seen.Add(name))
            {
                Problems.Add($"its header has \"{Printable(name)}\" twice");
                reader.Skip();
            }
            else if (reader.TokenType != JsonTokenType.StartObject)
            {
                Problems.Add($"\"{Printable(name)}\" is a JSON {reader.TokenType}; expected an object");
                reader.Skip();
            }
            else if (name == "__metadata__")
            {
                reader.Skip();
            }
            else
            {
                ReadTensor(ref reader, name);
            }
        }

        reader.Read(); // Anything but white space after the object throws here.
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        bool wellFormed = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            bool again = (key == "dtype" && type is not null) || (key == "shape" && shape is not null)
                || (key == "data_offsets" && offsets is not null);
            wellFormed &= !again;
            switch (key)
            {
                case "dtype" when reader.TokenType == JsonTokenType.String:
                    type = reader.GetString();
                    break;
                case "shape" when reader.TokenType == JsonTokenType.StartArray:
                    shape = ReadNumbers(ref reader);
                    break;
                case "data_offsets" when reader.TokenType == JsonTokenType.StartArray:
                    offsets = ReadNumbers(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (!wellFormed || type is null || shape is null || offsets is null || offsets.Count != 2)
        {
            Problems.Add($"the entry of {Printable(name)} is malformed; expected once each: a dtype, "
                + "a shape of non-negative integers and two data_offsets");
            return;
        }

        AddTensor(name, type, shape, offsets[0], offsets[1]);
    }

    /// <summary>
    /// The integers of an array, or null when one is no integer of 0 .. 2^63 - 1 or there are too many.
    /// </summary>
    private static List<long>? ReadNumbers(ref Utf8JsonReader reader)
    {
        List<long>? numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) && number >= 0
                && numbers?.Count < MostDimensions)
            {
                numbers.Add(number);
            }
            else
            {
                numbers = null;
                reader.Skip();
            }
        }

        return numbers;
    }

    private void AddTensor(string name, string typeName, List<long> shape, long begin, long end)
    {
        if (StoredTypes.Parse(typeName) is not { } type)
        {
            Problems.Add($"{Printable(name)} has the unknown dtype \"{Printable(typeName)}\"");
            return;
        }

        if (begin > end || end > _dataLength)
        {
            Problems.Add($"{Printable(name)} claims the data bytes {begin} .. {end}, but the file has {_dataLength}"
                + (begin <= end ? ": it is truncated or its header lies" : " and the range is reversed"));
            return;
        }

        if (ByteCount(shape, type) is not { } expected || expected != end - begin)
        {
            string needed = ByteCount(shape, type)?.ToString() ?? "more than 2^63";
            Problems.Add($"{Printable(name)} {type.Name()} [{string.Join(", ", shape)}] needs {needed} bytes, "
                + $"but its data_offsets hold {end - begin}");
            return;
        }

        _tensors.Add(name, new StoredTensor(
            name, type, ImmutableArray.CreateRange(shape), _dataStart + begin, end - begin));
    }

    private static long? ByteCount(List<long> shape, StoredType type)
    {
        UInt128 bytes = (UInt128)type.Bytes();
        foreach (long size in shape)
        {
            bytes *= (UInt128)size;
            if (bytes > long.MaxValue)
            {
                // A zero further on would make the product 0, but no real tensor is written so.
                return null;
            }
        }

        return (long)bytes;
    }

    /// <summary>No two tensors share a byte; bytes of no tensor are noted.</summary>
    private void CheckLayout()
    {
        List<StoredTensor> byOffset = [.. _tensors.Values];
        byOffset.Sort(static (a, b) => (a.Offset, a.Length).CompareTo((b.Offset, b.Length)));

        long holes = 0;
        long covered = _dataStart;
        string last = "";
        foreach (StoredTensor tensor in byOffset)
        {
            if (tensor.Length > 0 && tensor.Offset < covered)
            {
                Problems.Add($"{Printable(tensor.Name)} and {Printable(last)} overlap from byte {tensor.Offset} on");
            }

            holes += Math.Max(tensor.Offset - covered, 0);
            if (tensor.Offset + tensor.Length > covered)
            {
                covered = tensor.Offset + tensor.Length;
                last = tensor.Name;
            }
        }

        holes += _dataStart + _dataLength - covered;
        if (holes > 0)
        {
            _notices.Add($"{holes} of its {_dataLength} data bytes belong to no tensor");
        }
    }
}
