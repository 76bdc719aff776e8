using System.Text;
using CsCheck;
using Glm5.Host.Cli.Flags;

namespace Glm5.Tests.Clients.Cli;

/// <summary>Files of flags: what they mean, and that anything else is a sentence with a line.</summary>
[TestClass]
public sealed class ConfigFileTests
{
    private const string Yaml =
        """
        # how we serve
        model: zai-org/GLM-5-FP8
        tensor_parallel_size: 8
        served-model-name: [glm-5, "glm 5"]
        offline: true
        api-key:
          - 'a: b'
          - ~
        max-model-len:
        speculative-config: {method: mtp, num_speculative_tokens: 3}
        """;

    [TestMethod]
    public void Yaml_is_flags() =>
        Assert.AreEqual(
            "--model zai-org/GLM-5-FP8 | --tensor-parallel-size 8 | --served-model-name glm-5,glm 5 | --offline true | "
            + "--api-key a: b,~ | --speculative-config.method mtp | --speculative-config.num-speculative-tokens 3",
            Read(Yaml));

    [TestMethod]
    public void Json_is_flags() =>
        Assert.AreEqual(
            "--port 8000 | --host \U0001F600/ | --api-key a,b | --no-mmap true | --x.y 1.5",
            Read("{\"port\": 8000,\r\n\t\"host\": \"\\uD83D\\uDE00\\/\", \"api-key\": [\"a\", \"b\"],\n\t\t\"no-mmap\":true,"
                + "\"block-size\": null, \"x\": {\"y\": 1.5}}"));

    [TestMethod]
    [DataRow("")]
    [DataRow("# nothing\n")]
    [DataRow("---\n")]
    [DataRow("{}")]
    public void Nothing_is_no_flags(string text) => Assert.AreEqual("", Read(text));

    [TestMethod]
    [DataRow("port", "line 1: expected flags, one a line")]
    [DataRow("- port", "line 1: expected flags, one a line")]
    [DataRow("a: 1\nb: [[1]]", "line 2: expected a value in the list")]
    [DataRow("a: 1\na: 2", "line 2: expected 'a' once")]
    [DataRow("max-num-seqs: 1\nmax_num_seqs: 2", "line 2: expected 'max_num_seqs' once")]
    [DataRow("a: &x 1\nb: *x", "line 2: expected a value")]
    [DataRow("a: 1\n---\nb: 2", "expected one document")]
    [DataRow("a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}", "expected at most 8 levels")]
    [DataRow("a: [1\nb: 2", "expected YAML or JSON")]
    [DataRow("a: \"unclosed", "expected YAML or JSON")]
    [DataRow("? [a]\n: 1", "expected the name of a flag")]
    public void Anything_else_is_refused_with_its_line(string text, string sentence)
    {
        FlagException refusal = Assert.ThrowsExactly<FlagException>(() => Read(text));
        Assert.StartsWith("f.yaml line ", refusal.Message);
        Assert.Contains(sentence, refusal.Message);
    }

    [TestMethod]
    public void A_file_that_is_not_there_or_too_large_is_refused()
    {
        Assert.Contains("cannot be read", Refusal("/no/such/file.yaml"));
        string path = Path.GetTempFileName();
        File.WriteAllText(path, new string('#', (1 << 20) + 1));
        Assert.Contains("larger than 1 MB", Refusal(path));
        File.Delete(path);
    }

    [TestMethod]
    public void Damaged_files_give_flags_or_a_sentence()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Yaml);
        byte[] marks = [.. ":-{}[]\"'&*!|>#\n\t "u8];
        Gen<byte> mark = Gen.Int[0, marks.Length - 1].Select(i => marks[i]);
        Gen<byte[]> damaged = Gen.Select(Gen.Int[0, whole.Length - 1], Gen.OneOf(Gen.Byte, mark))
            .Array[1, 6].Select(edits =>
            {
                byte[] bytes = [.. whole];
                foreach ((int at, byte value) in edits)
                    bytes[at] = value;
                return bytes;
            });
        Gen.OneOf(damaged, Gen.Byte.Array[0, 80]).Sample(bytes =>
        {
            try
            {
                _ = ConfigFile.Parse(Encoding.UTF8.GetString(bytes), "f.yaml");
            }
            catch (FlagException refusal)
            {
                Assert.IsFalse(refusal.Message.Any(char.IsControl), refusal.Message);
            }
        });
    }

    private static string Refusal(string path) => Assert.ThrowsExactly<FlagException>(() => ConfigFile.Read(path)).Message;

    private static string Read(string text) => string.Join(
        " | ", ConfigFile.Parse(text, "f.yaml").Select(flag => $"{flag.Key} {string.Join(',', flag.Values)}"));
}
