using Glm5.Backends.Ascend;
using Glm5.Backends.Ascend.Interop;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>Versions as libraries, files and people write them.</summary>
[TestClass]
public sealed class CannVersionTests
{
    [TestMethod]
    [DataRow("8.1.RC1", 8, 1, "8.1.RC1")]
    [DataRow("9.0.0-beta.1", 9, 0, "9.0.0-beta.1")]
    [DataRow("Version=8.5.0\ninnerversion=V100R001C22", 8, 5, "8.5.0")]
    [DataRow("package_name=Ascend-cann-toolkit\nversion=8.1.RC1\narch=aarch64", 8, 1, "8.1.RC1")]
    [DataRow("driver 24.1.0.3", 24, 1, "24.1.0.3")]
    [DataRow("V100R001C22 [nothing here]", 0, 0, "unknown")]
    [DataRow("", 0, 0, "unknown")]
    [DataRow("8. 1", 0, 0, "unknown")]
    [DataRow("99999999999.1", 0, 0, "unknown")]
    public void The_first_version_of_a_text_is_read(string text, int major, int minor, string written)
    {
        CannVersion version = CannVersion.Parse(text);
        Assert.AreEqual((major, minor, written), (version.Major, version.Minor, version.ToString()));
    }

    [TestMethod]
    public void Later_versions_have_what_earlier_ones_have()
    {
        Assert.IsTrue(CannVersion.Parse("9.1.0").IsAtLeast(8, 5));
        Assert.IsTrue(CannVersion.Parse("8.5.0").IsAtLeast(8, 5));
        Assert.IsFalse(CannVersion.Parse("8.1.RC1").IsAtLeast(8, 5));
        Assert.IsFalse(CannVersion.Unknown.IsAtLeast(8, 1));
    }

    [TestMethod]
    public void Any_text_gives_a_version_or_none() =>
        CsCheck.Check.Sample(CsCheck.Gen.String, text => CannVersion.Parse(text).Major >= 0, iter: Soak.Times(1000));

    [TestMethod]
    [DataRow("Ascend910B3", "A2")]
    [DataRow("Ascend910B2C", "A2")]
    [DataRow("Ascend910B4-1", "A2")]
    [DataRow("Ascend910_9391", "A3")]
    [DataRow("Ascend910_9362", "A3")]
    [DataRow("Ascend310P3", null)]
    [DataRow("Ascend910A", null)]
    [DataRow("", null)]
    public void A_dies_generation_is_known_by_its_name(string soc, string? generation)
    {
        Assert.AreEqual(generation, SocTable.Find(soc)?.Generation);
        if (generation is null)
            Assert.Contains(soc.Length == 0 ? "npu-smi" : soc, SocTable.Refusal(soc));
    }
}
