using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Glm5.Core.Kv;

/// <summary>
/// Names the rows of a full block by what they depend on: the model and its block layout, the request's salt, and every
/// token up to the block's end. The first 128 bits of SHA-256, chained: clients choose tokens, and must not be able to
/// choose collisions.
/// </summary>
internal readonly record struct BlockHash(UInt128 Value)
{
    private const int Bytes = 16;

    /// <summary>More than any device's block has; larger ones are hashed from the heap.</summary>
    private const int UsualTokens = 256;

    /// <summary>The hash in front of a sequence's first block.</summary>
    public static BlockHash Root(string identity, string? salt)
    {
        // The model's name comes with its length: no salt can make one of two models look like the other's.
        string text = $"{identity.Length}:{identity}{(salt is null ? "" : $":{salt}")}";
        return Of(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The hash of the block behind this one, which holds <paramref name="tokens"/>.</summary>
    public BlockHash Next(ReadOnlySpan<int> tokens)
    {
        int length = Bytes + (tokens.Length * sizeof(int));
        Span<byte> input = tokens.Length <= UsualTokens ? stackalloc byte[length] : new byte[length];
        MemoryMarshal.Write(input, Value);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[Bytes..]);
        return Of(input);
    }

    private static BlockHash Of(ReadOnlySpan<byte> input)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return new BlockHash(MemoryMarshal.Read<UInt128>(digest));
    }
}

/// <summary>
/// Names one computed prefix for as long as its rows are anywhere, on the device or on the host. Two prefixes never have
/// the same one, also when their hashes collide or when rows that were lost are computed again.
/// </summary>
internal readonly record struct PrefixId(long Value)
{
    /// <summary>The prefix of no tokens.</summary>
    public static PrefixId Empty => default;
}

/// <summary>A block as the prefix cache knows it: its hash, and beside it what a collision would get wrong.</summary>
/// <param name="hash">Of the block and all before it.</param>
/// <param name="parent">The published prefix before it; empty for a sequence's first block.</param>
/// <param name="salt">The request's salt.</param>
/// <param name="tokens">The ids that the hash covers beyond the parent's.</param>
internal readonly ref struct BlockKey(BlockHash hash, PrefixId parent, string? salt, ReadOnlySpan<int> tokens)
{
    /// <summary>Of the block and all before it.</summary>
    public BlockHash Hash { get; } = hash;

    /// <summary>The published prefix before it; empty for a sequence's first block.</summary>
    public PrefixId Parent { get; } = parent;

    /// <summary>The request's salt.</summary>
    public string? Salt { get; } = salt;

    /// <summary>The ids that the hash covers beyond the parent's.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;
}
