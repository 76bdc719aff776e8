using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Glm5.Host.Access;

/// <summary>A key as the server keeps it: its name and digest, never the key itself.</summary>
/// <param name="Name">What the log and the metrics call it; unique.</param>
/// <param name="Digest">SHA-256 of its UTF-8 bytes.</param>
internal sealed record ApiKey(string Name, ReadOnlyMemory<byte> Digest)
{
    private const string Prefix = "glm5-";
    private const int RandomBytes = 32;

    /// <summary>The shortest key that is taken from elsewhere: an unsalted digest of a word can be found by trying words.</summary>
    public const int Shortest = 16;

    /// <summary>The longest.</summary>
    public const int Longest = 512;

    /// <summary>When it was made; null for a key of the command line.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>What it may use.</summary>
    public KeyLimits Limits { get; init; }

    /// <summary>Its share where requests of several keys wait: tokens for each one of a key of weight 1.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>A new secret. With 256 random bits its plain digest cannot be turned back.</summary>
    public static string NewSecret() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>The digest of a secret.</summary>
    public static byte[] DigestOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Names are words: they stand in logs, metrics and file names.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '@' or '-');
}
