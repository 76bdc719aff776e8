namespace Glm5.Tests.Unit;

[TestClass]
public sealed class SmokeTests
{
    [TestMethod]
    public void Runs() => Assert.AreEqual("4", $"{Environment.NewLine.Length + 3}");
}
