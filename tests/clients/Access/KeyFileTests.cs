using System.Text.Json;
using CsCheck;
using Glm5.Host.Access;
using Glm5.Host.Cli;
using Glm5.Tests.Clients.Api;
using Glm5.Tests.Clients.Cli;

namespace Glm5.Tests.Clients.Access;

/// <summary>The file of keys, and the commands that write it.</summary>
[TestClass]
public sealed class KeyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Keys_are_made_listed_and_removed()
    {
        string file = _folder["keys.json"];
        string made = await SaidAsync("", "keys", "add", "alice", "--file", file, "--tokens-per-minute", "2k", "--json");
        string secret = JsonElement.Parse(made).At("key").GetString()!;
        await SaidAsync("an-own-key-of-some-length\n", "keys", "add", "bob", "--file", file, "--stdin", "--weight", "3");

        KeyRing ring = new(KeyFile.Read(file));
        ApiKey alice = ring.Find(secret)!;
        Assert.AreEqual("alice", alice.Name);
        Assert.AreEqual(new KeyLimits(null, 2000), alice.Limits);
        Assert.AreEqual(3, ring.Find("an-own-key-of-some-length")!.Weight);
        Assert.IsNull(ring.Find("glm5-other"));
        Assert.DoesNotContain(secret, File.ReadAllText(file));
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        string listed = await SaidAsync("", "keys", "list", "--file", file, "--json");
        Assert.AreEqual("bob", JsonElement.Parse(listed).At(1, "name").GetString());
        await SaidAsync("", "keys", "remove", "alice", "--file", file);
        Assert.AreEqual("bob", KeyFile.Read(file).Single().Name);
    }

    [TestMethod]
    [DataRow("keys add alice --file {0}", "has a key called alice")]
    [DataRow("keys add a/b --file {0}", "'a/b' is no name for a key")]
    [DataRow("keys add short --stdin --file {0}", "expected 16 to 512 of ASCII")]
    [DataRow("keys remove carol --file {0}", "has no key called carol; it has alice")]
    [DataRow("keys list --file {0}.other", "'glm5 keys add' makes one")]
    public async Task A_change_that_cannot_be_made_is_refused_with_what_to_do(string words, string sentence)
    {
        string file = _folder.Write("keys.json", $$"""{"keys": [{"name": "alice", "sha256": "{{new string('a', 64)}}"}]}""");
        await using Glm5Process glm5 = Glm5Process.StartAsking("short\n", [.. words.Split(' ').Select(word => string.Format(null, word, file))]);
        Assert.AreEqual(ExitCode.Usage, await glm5.EndAsync(), glm5.Said);
        Assert.Contains(sentence, glm5.Said);
    }

    [TestMethod]
    [DataRow("", "is not a file of keys")]
    [DataRow("{}", "is not a file of keys")]
    [DataRow("null", "holds null")]
    [DataRow("""{"keys": [{}]}""", "keys[0] has no name")]
    [DataRow("""{"keys": [null]}""", "keys[0] has no name")]
    [DataRow("""{"keys": [{"name": "a", "sha256": "abc"}]}""", "64 hexadecimal digits")]
    [DataRow("""{"keys": [{"name": "a b", "sha256": "{0}"}]}""", "the name has to be")]
    [DataRow("""{"keys": [{"name": "a", "sha256": "{0}", "token_per_minute": 5}]}""", "is not a file of keys at keys[0].token_per_minute, line 1")]
    [DataRow("""{"keys": [{"name": "a", "sha256": "{0}", "max_requests": 0}]}""", "max_requests of a is 0; expected at least 1")]
    [DataRow("""{"keys": [{"name": "a", "sha256": "{0}", "weight": 99999}]}""", "weight of a is 99999; expected 1 to 10000")]
    [DataRow("""{"keys": [{"name": "a", "sha256": "{0}"}, {"name": "a", "sha256": "{0}"}]}""", "keys[1]: the name a is there twice")]
    public void A_file_that_is_not_right_is_refused_with_where(string text, string sentence)
    {
        string file = _folder.Write("keys.json", text.Replace("{0}", new string('b', 64), StringComparison.Ordinal));
        AccessException refusal = Assert.ThrowsExactly<AccessException>(() => KeyFile.Read(file));
        Assert.Contains(sentence, refusal.Message);
    }

    [TestMethod]
    public void Any_bytes_are_keys_or_a_sentence()
    {
        string file = _folder["keys.json"];
        byte[] good = """{"keys": [{"name": "a", "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "weight": 2}]}"""u8.ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample(
            (at, value, length) =>
            {
                byte[] bytes = [.. good];
                bytes[at] = value;
                File.WriteAllBytes(file, bytes[..length]);
                try
                {
                    KeyFile.Read(file);
                }
                catch (AccessException refusal)
                {
                    Assert.StartsWith(file, refusal.Message);
                }
            },
            iter: Soak.Times(200), threads: 1);
    }

    private static async Task<string> SaidAsync(string input, params string[] words)
    {
        await using Glm5Process glm5 = Glm5Process.StartAsking(input, words);
        Assert.AreEqual(ExitCode.Done, await glm5.EndAsync(), glm5.Said);
        return glm5.Said;
    }
}
