using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Glm5.Core.Tokenization;

namespace Glm5.Tests.Unit.Tokenization;

/// <summary>
/// Whatever the bytes of a tokenizer.json: a tokenizer that works, or an error that says what is wrong.
/// </summary>
[TestClass]
public sealed class TokenizerFileTests
{
    [TestMethod]
    [DataRow("normalizer", """{"type": "NFC"}""", "normalizer is a NFC")]
    [DataRow("normalizer", """{"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}""", "a Sequence of a Lowercase")]
    [DataRow("pre_tokenizer", """{"type": "Metaspace"}""", "pre_tokenizer is a Metaspace")]
    [DataRow("pre_tokenizer", "null", "pre_tokenizer is null")]
    [DataRow("post_processor", """{"type": "TemplateProcessing"}""", "post_processor.type is \"TemplateProcessing\"")]
    [DataRow("decoder", """{"type": "Metaspace"}""", "decoder.type is \"Metaspace\"")]
    [DataRow("decoder", "null", "decoder is missing")]
    [DataRow("model", """{"type": "Unigram"}""", "model.type is \"Unigram\"")]
    [DataRow("model", "[]", "model is missing or no object")]
    [DataRow("added_tokens", "{}", "added_tokens is a JSON Object")]
    public void An_unsupported_step_is_refused_by_name(string key, string value, string message) =>
        AssertRefused(root => root[key] = JsonNode.Parse(value), message);

    [TestMethod]
    [DataRow("dropout", "0.1")]
    [DataRow("unk_token", "\"<unk>\"")]
    [DataRow("continuing_subword_prefix", "\"##\"")]
    [DataRow("end_of_word_suffix", "\"</w>\"")]
    [DataRow("byte_fallback", "true")]
    [DataRow("ignore_merges", "1")]
    [DataRow("vocab", "[]")]
    [DataRow("merges", "{}")]
    [DataRow("merges", "[[\"a\"]]")]
    [DataRow("merges", "[\"a\"]")]
    [DataRow("merges", "[\"a b c\"]")]
    [DataRow("merges", "[[\"a\", \"nowhere\"]]")]
    public void An_unsupported_setting_of_the_model_is_refused_by_name(string key, string value) =>
        AssertRefused(root => root["model"]![key] = JsonNode.Parse(value), $"model.{key}");

    [TestMethod]
    [DataRow("lstrip", "true", "added_tokens[0].lstrip is true")]
    [DataRow("rstrip", "true", "added_tokens[0].rstrip is true")]
    [DataRow("single_word", "true", "added_tokens[0].single_word is true")]
    [DataRow("normalized", "true", "added_tokens[0].normalized is true")]
    [DataRow("content", "\"\"", "added_tokens[0].content")]
    [DataRow("content", "\"[MASK]\"", "added_tokens[1].content is \"[MASK]\"")]
    [DataRow("content", "\"a\"", "which has")]
    [DataRow("id", "-1", "added_tokens[0] is")]
    [DataRow("id", "5", "added_tokens[0] gives the id 5, which another token has")]
    [DataRow("id", "1300", "21 of the ids 0 to 1300 name nothing, the first of them 1259")]
    [DataRow("id", "2000000000", "added_tokens[0] is")]
    public void An_added_token_that_cannot_be_honoured_is_refused(string key, string value, string message) =>
        AssertRefused(root => root["added_tokens"]![0]![key] = JsonNode.Parse(value), message);

    [TestMethod]
    public void A_damaged_vocabulary_is_refused()
    {
        AssertRefused(root => root["model"]!["vocab"]!["a"] = 66, "which another token has");
        AssertRefused(root => root["model"]!["vocab"]!["a b"] = 1280, "but it is not written in the byte-level alphabet");
        AssertRefused(root => root["model"]!["vocab"]!["a"] = "x", "gives \"a\" the id \"x\"");
        AssertRefused(
            root =>
            {
                JsonObject vocabulary = root["model"]!["vocab"]!.AsObject();
                int id = (int)vocabulary["Z"]!;
                vocabulary.Remove("Z");
                vocabulary["ZZZZ"] = id;
            },
            "lacks 1 of the 256 single bytes, the first of them 5A");
    }

    [TestMethod]
    public void All_problems_stand_in_one_list()
    {
        TokenizerException refused = AssertRefused(
            root =>
            {
                root["normalizer"] = JsonNode.Parse("""{"type": "NFKC"}""");
                root["model"]!["byte_fallback"] = true;
                root["added_tokens"]![3]!["lstrip"] = true;
            },
            "3 problems");
        Assert.Contains("NFKC", refused.Message);
        Assert.Contains("model.byte_fallback", refused.Message);
        Assert.Contains("added_tokens[3].lstrip", refused.Message);
    }

    [TestMethod]
    public void A_list_of_problems_stays_short()
    {
        TokenizerException refused = AssertRefused(
            root =>
            {
                JsonArray merges = root["model"]!["merges"]!.AsArray();
                for (int i = 0; i < 5_000; i++)
                    merges.Add($"x{i} y");
            },
            "and perhaps more");
        Assert.IsLessThan(8_000, refused.Message.Length);
    }

    [TestMethod]
    public void A_file_that_is_not_there_is_named()
    {
        const string File = "/nowhere/tokenizer.json";
        Assert.Contains(File, Assert.ThrowsExactly<TokenizerException>(() => Tokenizer.Load(File)).Message);
    }

    [TestMethod]
    public void Half_a_surrogate_pair_in_a_token_is_refused()
    {
        string honest = Encoding.UTF8.GetString(Tokenizers.NanoFile);
        AssertRefused(Encoding.UTF8.GetBytes(honest.Replace("[MASK]", "\\ud800", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Truncated_files_are_refused() =>
        Gen.Int[0, Tokenizers.NanoFile.Length - 2].Sample(end => AssertRefused(Tokenizers.NanoFile[..end]), iter: Soak.Times(100));

    [TestMethod]
    public void Mutated_files_end_in_a_tokenizer_or_an_error()
    {
        int refused = 0;
        Gen.Select(Gen.Double[0, 1], Gen.OneOf(Gen.Byte, Gen.OneOf("\"{}[],:0-\\ "u8.ToArray()))).Array[1, 6].Sample(
            edits =>
            {
                byte[] mutated = [.. Tokenizers.NanoFile];
                foreach ((double at, byte value) in edits)
                    mutated[(int)(at * (mutated.Length - 1))] = value;
                refused += IsRefusedOrWorks(mutated) ? 1 : 0;
            },
            iter: Soak.Times(300), threads: 1);
        Assert.IsGreaterThan(50, refused);
    }

    [TestMethod]
    public void Values_of_other_types_end_in_a_tokenizer_or_an_error()
    {
        string[] values = ["null", "true", "-1", "1e99", "\"\"", "\"x\"", "[]", "[null]", "{}", "{\"type\": []}", "[[1, 2]]"];
        int refused = 0;
        Gen.Select(Gen.Int[0, 1_000], Gen.Int[0, 6], Gen.OneOf(values)).Sample(
            (seed, depth, value) =>
            {
                byte[] changed = Tokenizers.ChangedFile(root => Replace(root, new Random(seed), depth, JsonNode.Parse(value)));
                refused += IsRefusedOrWorks(changed) ? 1 : 0;
            },
            iter: Soak.Times(100), threads: 1);
        Assert.IsGreaterThan(20, refused);
    }

    private static void Replace(JsonNode root, Random random, int depth, JsonNode? value)
    {
        JsonNode at = root;
        while (true)
        {
            string[] keys = at is JsonObject o ? [.. o.Select(p => p.Key)] : [];
            int count = at is JsonArray list ? list.Count : keys.Length;
            if (count == 0)
                return;
            int chosen = random.Next(count);
            JsonNode? child = at is JsonArray ? at[chosen] : at[keys[chosen]];
            if (depth-- > 0 && child is JsonObject or JsonArray)
            {
                at = child;
                continue;
            }

            if (at is JsonArray)
                at[chosen] = value;
            else
                at[keys[chosen]] = value;
            return;
        }
    }

    /// <summary>True when refused; otherwise the tokenizer must do its work.</summary>
    private static bool IsRefusedOrWorks(byte[] file)
    {
        try
        {
            Tokenizer tokenizer = Tokenizer.Parse(file, "mutated.json");
            Assert.AreEqual("What is 12 + 34?", tokenizer.Decode(tokenizer.Encode("What is 12 + 34?")));
            return false;
        }
        catch (TokenizerException exception)
        {
            Assert.StartsWith("mutated.json: ", exception.Message);
            return true;
        }
    }

    private static TokenizerException AssertRefused(Action<JsonNode> change, string message)
    {
        TokenizerException refused = AssertRefused(Tokenizers.ChangedFile(change));
        Assert.Contains(message, refused.Message);
        return refused;
    }

    private static TokenizerException AssertRefused(byte[] file) =>
        Assert.ThrowsExactly<TokenizerException>(() => Tokenizer.Parse(file, "tokenizer.json"));
}
