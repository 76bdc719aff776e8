using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>The variables of the hubs' own tools mean here what they mean there.</summary>
[TestClass]
public sealed class HubEnvironmentTests
{
    [TestMethod]
    [DataRow("", "/home/u/.cache/huggingface/hub")]
    [DataRow("XDG_CACHE_HOME=/x", "/x/huggingface/hub")]
    [DataRow("HF_HOME=/h XDG_CACHE_HOME=/x", "/h/hub")]
    [DataRow("HF_HOME=~/h", "/home/u/h/hub")]
    [DataRow("HUGGINGFACE_HUB_CACHE=/old HF_HOME=/h", "/old")]
    [DataRow("HF_HUB_CACHE=/new HUGGINGFACE_HUB_CACHE=/old", "/new")]
    public void The_cache_is_where_the_variables_say(string variables, string folder)
    {
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual(folder, Read(variables).HuggingFace.CacheRoot);
    }

    [TestMethod]
    public void A_folder_on_the_command_line_goes_before_every_variable()
    {
        HubSettings settings = new HubEnvironment(
            Variables("HF_HUB_CACHE=/new MODELSCOPE_CACHE=/m"), "/home/u").Settings("/mine");
        Assert.AreEqual(Path.GetFullPath("/mine"), settings.HuggingFace.CacheRoot);
        Assert.AreEqual(Path.GetFullPath("/mine"), settings.ModelScope.CacheRoot);
    }

    [TestMethod]
    [DataRow("", false)]
    [DataRow("HF_HUB_OFFLINE=1", true)]
    [DataRow("HF_HUB_OFFLINE=true", true)]
    [DataRow("HF_HUB_OFFLINE=0", false)]
    [DataRow("TRANSFORMERS_OFFLINE=yes", true)]
    public void Offline_is_a_word_for_true(string variables, bool offline) =>
        Assert.AreEqual(offline, Read(variables).Offline);

    [TestMethod]
    [DataRow("HF_ENDPOINT=http://mirror:8080/hf/", "http://mirror:8080/hf/")]
    [DataRow("HF_ENDPOINT=https://mirror", "https://mirror/")]
    public void The_endpoint_may_be_a_mirror(string variables, string address) =>
        Assert.AreEqual(address, Read(variables).HuggingFace.Endpoint.AbsoluteUri);

    [TestMethod]
    [DataRow("HF_ENDPOINT=ftp://mirror")]
    [DataRow("HF_ENDPOINT=https://user:secret@mirror")]
    [DataRow("MODELSCOPE_DOMAIN=:::")]
    public void An_endpoint_that_is_no_address_is_refused(string variables) =>
        Assert.AreEqual(HubFault.Name, Assert.ThrowsExactly<HubException>(() => Read(variables)).Fault);

    [TestMethod]
    public void A_token_comes_from_its_variable_or_its_file_and_does_not_print()
    {
        string home = Directory.CreateTempSubdirectory("glm5-home-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(home, ".cache", "huggingface"));
            File.WriteAllText(Path.Combine(home, ".cache", "huggingface", "token"), "hf_file\n");
            HubToken fromFile = new HubEnvironment(_ => null, home).Settings().HuggingFace.Token!;
            Assert.AreEqual("hf_file", fromFile.Value);
            HubPlace place = new HubEnvironment(Variables("HF_TOKEN=hf_variable"), home).Settings().HuggingFace;
            Assert.AreEqual("hf_variable", place.Token!.Value);
            Assert.DoesNotContain("hf_variable", place.ToString());
            Assert.IsNull(
                new HubEnvironment(Variables("HF_HUB_DISABLE_IMPLICIT_TOKEN=1"), home).Settings().HuggingFace.Token);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [TestMethod]
    public void A_token_that_cannot_stand_in_a_header_is_refused_unseen()
    {
        HubException refusal = Assert.ThrowsExactly<HubException>(() => HubToken.From("hf_a\r\nX-Evil: 1", "HF_TOKEN"));
        Assert.DoesNotContain("hf_a", refusal.Message);
    }

    private static HubSettings Read(string variables) => new HubEnvironment(Variables(variables), "/home/u").Settings();

    private static Func<string, string?> Variables(string text)
    {
        Dictionary<string, string> values = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return values.GetValueOrDefault;
    }
}
