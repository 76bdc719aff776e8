using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Glm5.Core.Weights;

/// <summary>
/// The directory of one safetensors file: 8 bytes of header length, a JSON header, the data. Opening reads and checks
/// the header against the file and touches no data; <see cref="MappedRegion"/> gives the bytes.
/// </summary>
public sealed class SafetensorsFile
{
    /// <summary>Longest header accepted, in bytes; the format's own limit.</summary>
    public const int LongestHeader = 100_000_000;

    private const int LengthBytes = 8;

    private SafetensorsFile(
        string path, long length, IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyList<string> notices)
    {
        Path = path;
        Length = length;
        Tensors = tensors;
        Notices = notices;
    }

    public string Path { get; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    /// <summary>Every tensor by name, each within the file and overlapping no other.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>What is odd but harmless: bytes that belong to no tensor.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="SafetensorsException">With every problem of the file.</exception>
    public static SafetensorsFile Open(string path) => Open(path, FileReads.Silent);

    /// <inheritdoc cref="Open(string)"/>
    internal static SafetensorsFile Open(string path, FileReads reads)
    {
        byte[] header = ReadHeader(path, reads, out long length);
        SafetensorsHeader parsed = SafetensorsHeader.Parse(header, length - LengthBytes - header.Length);
        if (!parsed.Problems.IsEmpty)
        {
            throw new SafetensorsException(path, parsed.Problems.ToLines());
        }

        return new SafetensorsFile(path, length, parsed.Tensors, parsed.Notices);
    }

    private static byte[] ReadHeader(string path, FileReads reads, out long length)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            length = RandomAccess.GetLength(file);
            byte[] header = new byte[HeaderLength(path, file, length, reads)];
            reads.Exactly(file, header, LengthBytes, path);
            return header;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new SafetensorsException(path, [$"it cannot be read: {exception.Message}"]);
        }
    }

    private static int HeaderLength(string path, SafeFileHandle file, long length, FileReads reads)
    {
        if (length < LengthBytes)
        {
            throw new SafetensorsException(path,
                [$"it has {length} bytes; a safetensors file begins with {LengthBytes} bytes of header length"]);
        }

        byte[] prefix = new byte[LengthBytes];
        reads.Exactly(file, prefix, 0, path);
        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (declared > LongestHeader)
        {
            throw new SafetensorsException(path,
                [$"its header claims {declared} bytes; at most {LongestHeader} are allowed; is it safetensors?"]);
        }

        if ((long)declared > length - LengthBytes)
        {
            throw new SafetensorsException(path,
                [$"its header claims {declared} bytes, but only {length - LengthBytes} follow: the file is truncated"]);
        }

        return (int)declared;
    }
}
