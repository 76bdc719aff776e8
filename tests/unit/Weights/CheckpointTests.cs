using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class CheckpointTests
{
    [TestMethod]
    [DataRow("tiny-dense", 54, 1)]
    [DataRow("tiny-moe", 149, 1)]
    [DataRow("tiny-full", 326, 1)]
    [DataRow("tiny-fp8", 256, 2)]
    public void Golden_folder_opens_without_a_notice(string name, int tensors, int files)
    {
        using Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Golden(name));
        Assert.IsEmpty(checkpoint.Notices);
        Assert.AreEqual(tensors, checkpoint.TensorCount);
        Assert.HasCount(files, checkpoint.Files);
    }

    [TestMethod]
    public void Embedded_model_opens_without_a_notice()
    {
        using Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Nano);
        Assert.IsEmpty(checkpoint.Notices);
        Assert.AreEqual(359, checkpoint.TensorCount);
        Assert.AreEqual(12442968 - 40976 - 8, checkpoint.TotalBytes);
        CollectionAssert.AreEqual(new[] { 1259, 1266, 1268 }, checkpoint.Generation.EosTokenIds.ToArray());
        Assert.IsFalse(checkpoint.Generation.DoSample);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Every_weight_decodes_to_finite_numbers(bool mapFiles)
    {
        using Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Golden("tiny-fp8"), new() { MapFiles = mapFiles });
        int fp8 = 0;
        foreach (TensorSpec spec in TensorInventory.Expected(checkpoint.Config))
        {
            WeightSource weight = checkpoint.Weight(spec.Name);
            Assert.AreEqual((spec.Rows, spec.Columns), (weight.Rows, weight.Columns));
            Assert.AreEqual(weight.Type == ElementType.F8E4M3, weight.Scales is not null);
            fp8 += weight.Scales is null ? 0 : 1;
            float[] row = new float[weight.Columns];
            for (long r = 0; r < weight.Rows; r++)
            {
                weight.Decode(r, 0, row);
                Assert.IsTrue(Array.TrueForAll(row, float.IsFinite), spec.Name);
            }
        }

        Assert.IsGreaterThan(50, fp8);
    }
}
