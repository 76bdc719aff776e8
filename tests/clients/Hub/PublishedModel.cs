using System.Security.Cryptography;
using System.Text;

namespace Glm5.Tests.Clients.Hub;

/// <summary>
/// A repository at a hub: a small checkpoint in two shards, and the clutter that real repositories have.
/// </summary>
internal sealed class PublishedModel
{
    public const string Shard1 = "model-00001-of-00002.safetensors";
    public const string Shard2 = "model-00002-of-00002.safetensors";

    /// <summary>What a server reads; everything else must be left alone.</summary>
    public static readonly string[] Wanted =
    [
        "chat_template.jinja", "config.json", "generation_config.json", Shard1, Shard2,
        "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
    ];

    public PublishedModel(int seed = 1, int shardBytes = 300_000)
    {
        Random random = new(seed);
        foreach (string name in Wanted.Except([Shard1, Shard2]))
            Files[name] = Encoding.UTF8.GetBytes($$"""{"file": "{{name}}", "seed": {{seed}}}""");
        Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes(
            $$"""{"weight_map": {"a": "{{Shard1}}", "b": "{{Shard2}}", "c": "{{Shard1}}" } }""");
        Files[Shard1] = Bytes(random, shardBytes);
        Files[Shard2] = Bytes(random, (shardBytes * 2 / 3) + 17);
        Files["README.md"] = "# a model"u8.ToArray();
        Files["pytorch_model.bin"] = Bytes(random, 1000);
        Files["figures/loss curve 图.png"] = Bytes(random, 1000);
        Files["original/model.safetensors"] = Bytes(random, 1000);
        Commit = GitName(BitConverter.GetBytes(seed));
    }

    /// <summary>By name.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The commit of its main branch.</summary>
    public string Commit { get; }

    public static bool IsLarge(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal);

    public string DigestOf(string name)
    {
        byte[] bytes = Files[name];
        return IsLarge(name)
            ? Convert.ToHexStringLower(SHA256.HashData(bytes))
            : GitName([.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]);
    }

    private static string GitName(byte[] bytes) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, bytes));

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
