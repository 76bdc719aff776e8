using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Glm5.Host.Access;

/// <summary>
/// The keys of a moment, found by their digests. The table is addressed by a digest under a secret that lives as long as
/// the ring, so that which place is looked at tells nothing of any key, and what lies there is compared in constant time.
/// </summary>
internal sealed class KeyRing
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly FrozenDictionary<ulong, ApiKey[]> _keys;

    /// <summary>A ring of keys with different names.</summary>
    public KeyRing(IEnumerable<ApiKey> keys)
    {
        All = [.. keys];
        _keys = All.GroupBy(key => Place(key.Digest.Span)).ToFrozenDictionary(group => group.Key, group => group.ToArray());
    }

    /// <summary>All of them, in the order of the file.</summary>
    public IReadOnlyList<ApiKey> All { get; }

    /// <summary>The key with this secret; null for none.</summary>
    public ApiKey? Find(string secret)
    {
        if (secret.Length > ApiKey.Longest)
            return null;
        byte[] digest = ApiKey.DigestOf(secret);
        ApiKey? found = null;
        foreach (ApiKey key in _keys.GetValueOrDefault(Place(digest), []))
        {
            if (CryptographicOperations.FixedTimeEquals(key.Digest.Span, digest))
                found = key;
        }

        return found;
    }

    private ulong Place(ReadOnlySpan<byte> digest)
    {
        Span<byte> place = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, digest, place);
        return BinaryPrimitives.ReadUInt64LittleEndian(place);
    }
}
