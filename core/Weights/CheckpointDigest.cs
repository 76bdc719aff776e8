using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Glm5.Core.Weights;

/// <summary>
/// Short names of what a checkpoint is, to compare those of two processes. Of weights, headers are hashed whole and contents
/// in samples: enough to tell another model, version or quantisation, or a file that was only copied in part, without reading
/// hundreds of gigabytes. It is no proof against somebody who means to deceive.
/// </summary>
/// <param name="Config">SHA-256 of config.json.</param>
/// <param name="Weights">SHA-256 of names, lengths, beginnings, middles and ends of the weight files.</param>
public sealed record CheckpointDigest(string Config, string Weights)
{
    private const int SampleBytes = 64 << 10;

    /// <summary>Computes both.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static CheckpointDigest Of(Checkpoint checkpoint)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] sample = new byte[SampleBytes];
        foreach (SafetensorsFile file in checkpoint.Files)
            AppendFile(hash, file.Path, sample);
        byte[] config = SHA256.HashData(File.ReadAllBytes(Path.Combine(checkpoint.Folder, "config.json")));
        return new CheckpointDigest(Convert.ToHexStringLower(config), Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static void AppendFile(IncrementalHash hash, string path, byte[] sample)
    {
        using FileStream file = File.OpenRead(path);
        hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
        AppendNumber(hash, file.Length);
        long headerBytes = sizeof(long) + HeaderBytes(file);
        for (long at = 0; at < headerBytes; at += SampleBytes)
            AppendSample(hash, file, at, sample);
        AppendSample(hash, file, (headerBytes + file.Length) / 2, sample);
        AppendSample(hash, file, Math.Max(headerBytes, file.Length - SampleBytes), sample);
    }

    /// <summary>The first eight bytes of a safetensors file say how long its header is.</summary>
    private static long HeaderBytes(FileStream file)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        file.ReadExactly(length);
        return Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(length), 0, file.Length);
    }

    private static void AppendSample(IncrementalHash hash, FileStream file, long at, byte[] sample)
    {
        file.Position = Math.Min(at, file.Length);
        int read = file.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false);
        hash.AppendData(sample.AsSpan(0, read));
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
