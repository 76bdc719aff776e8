using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Glm5.Host.Hub;

/// <summary>How a hub names the contents of a file.</summary>
internal enum DigestKind
{
    /// <summary>SHA-256 of the bytes: files in large-file storage, and everything at ModelScope.</summary>
    Sha256,

    /// <summary>
    /// SHA-1 of git's header and the bytes: small files at Hugging Face. It finds accidents, not attackers.
    /// </summary>
    GitSha1,
}

/// <summary>The digest that a file must have.</summary>
/// <param name="Kind">How it is computed.</param>
/// <param name="Hex">Lower-case hexadecimal digits.</param>
internal readonly record struct FileDigest(DigestKind Kind, string Hex)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>A digest from a hub's answer; null when the text is none of this kind.</summary>
    public static FileDigest? From(DigestKind kind, string? text)
    {
        int digits = kind == DigestKind.Sha256 ? 64 : 40;
        return text?.Length == digits && text.All(char.IsAsciiHexDigit)
            ? new FileDigest(kind, text.ToLowerInvariant())
            : null;
    }

    /// <summary>The same kind of digest of a file that is here.</summary>
    public async Task<FileDigest> OfAsync(string path, CancellationToken stop)
    {
        await using FileStream file = new(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0,
            FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(
            Kind == DigestKind.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (Kind == DigestKind.GitSha1)
        {
            hash.AppendData(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Length}\0")));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, stop)) > 0)
                hash.AppendData(buffer, 0, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return this with { Hex = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }

    /// <summary>Kind and digits, for messages.</summary>
    public override string ToString() => $"{(Kind == DigestKind.Sha256 ? "sha256" : "git-sha1")} {Hex}";
}
