using Glm5.Backends.Ascend;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>The size of collectives' buffers is what the operator set, and by the operators' pages for dispatching.</summary>
[TestClass]
public sealed class HcclBuffersTests
{
    [TestMethod]
    [DataRow(null, 200u)]
    [DataRow("512", 512u)]
    [DataRow("0", 200u)]
    [DataRow("-1", 200u)]
    [DataRow("2 GB", 200u)]
    public void The_setting_is_a_whole_number_of_megabytes(string? setting, uint expected) =>
        Assert.AreEqual(expected, HcclBuffers.Read(setting));

    [TestMethod]
    public void Dispatch_asks_for_what_its_page_says()
    {
        // A3, 16 ranks of 16 experts, 64 tokens of GLM-5's width, 8 choices and a shared one: a place is 12,288 + 64 bytes, up to 12,800.
        Assert.AreEqual((uint)Math.Ceiling(2 * ((16.0 * 64 * 16 * 12_800) + (9 * 64 * 12_288)) / (1 << 20)), HcclBuffers.OfDispatch(true, 64, 6144, 16, 16, 9));

        // A2: 64 tokens to the 8 choices of each of 16 ranks.
        Assert.AreEqual((uint)Math.Ceiling(2 * ((64.0 * 16 * 8 * 6144 * 2) + (2 << 20)) / (1 << 20)), HcclBuffers.OfDispatch(false, 64, 6144, 16, 16, 8));
    }
}
