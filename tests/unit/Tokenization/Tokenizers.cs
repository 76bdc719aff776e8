using System.Text.Json.Nodes;
using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

/// <summary>Tokenizers and texts that tests share.</summary>
internal static class Tokenizers
{
    private static readonly Lazy<byte[]> s_nanoFile =
        new(() => File.ReadAllBytes(Path.Combine(RepositoryFiles.Nano, "tokenizer.json")));

    private static readonly Lazy<Tokenizer> s_nano = new(() => Tokenizer.Parse(s_nanoFile.Value, "tokenizer.json"));

    /// <summary>
    /// Half of its characters have a role in the split; some are halves of surrogate pairs or outside of the first
    /// plane.
    /// </summary>
    public static Gen<string> Texts { get; } = Gen.OneOf(
        Gen.Char["abstmdrelvSTK'ſ  \t\n\r\u00a0\u3000019٣Ⅷ!?.,-<|>{}\u0301é漢字\ud835\udc00\udc33\u200d"].Select(c => c.ToString()),
        Gen.Char.Select(c => c.ToString()),
        Gen.Int[0x1_0000, 0x10_FFFF].Select(char.ConvertFromUtf32),
        Gen.OneOf("'ll", "I'VE", "<|user|>", "</think>", "  \n \r\n  ", "𝒳𝟙😀", "user", "weather"))
        .Array[0, 40].Select(string.Concat);

    public static Tokenizer Nano => s_nano.Value;

    public static byte[] NanoFile => s_nanoFile.Value;

    /// <summary>The trained model's tokenizer with something changed.</summary>
    public static Tokenizer Changed(Action<JsonNode> change) => Tokenizer.Parse(ChangedFile(change), "changed.json");

    public static byte[] ChangedFile(Action<JsonNode> change)
    {
        JsonNode root = JsonNode.Parse(NanoFile)!;
        change(root);
        return System.Text.Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    public static int[] Encode(this Tokenizer tokenizer, string text) => tokenizer.Encode(PromptText.Trusted(text));

    /// <summary>The id of a byte by itself in the trained model's tokenizer.</summary>
    public static int ByteId(byte value) =>
        Enumerable.Range(0, Nano.VocabularySize).First(id => Nano.BytesOf(id) is [byte single] && single == value);

    /// <summary>The text as UTF-8 carries it: halves of surrogate pairs become U+FFFD.</summary>
    public static string WellFormed(string text) =>
        System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
}
