using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class MappedRegionTests
{
    [TestMethod]
    public void Mapped_file_is_its_bytes_and_nothing_outside_can_be_asked_for()
    {
        using ScratchFolder scratch = new();
        byte[] bytes = new byte[10_000];
        new Random(7).NextBytes(bytes);
        File.WriteAllBytes(scratch.File("f"), bytes);
        using MappedRegion region = MappedRegion.Map(scratch.File("f"));
        Assert.IsTrue(region.Span(0, 10_000).SequenceEqual(bytes));
        Assert.AreEqual(region.Base + 9_999, region.Address(9_999, 1));
        Assert.AreEqual(0, region.Span(10_000, 0).Length);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => region.Span(9_999, 2).Length);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => region.Address(-1, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => region.Address(0, -1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => region.Address(long.MaxValue, long.MaxValue));
    }

    [TestMethod]
    public void Offsets_beyond_two_gigabytes_are_reached()
    {
        using ScratchFolder scratch = new();
        const long Far = 5_000_000_000;
        using (FileStream file = File.Create(scratch.File("f")))
        {
            file.Position = Far;
            file.WriteByte(42);
        }

        using MappedRegion region = MappedRegion.Map(scratch.File("f"));
        Assert.AreEqual(42, region.Span(Far, 1)[0]);
    }

    [TestMethod]
    public void File_that_shrinks_under_the_mapping_is_noticed_before_it_is_touched()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.Weight("model.norm.weight");
        Shorten(folder.File("model.safetensors"), 100);

        foreach (Action touch in new Action[]
        {
            () => checkpoint.Weight("model.norm.weight"),
            () => CheckpointReader.ReadAll(checkpoint, new LoadProgress(TimeProvider.System), CancellationToken.None),
        })
        {
            StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(touch).Message, "shrank");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void File_that_changed_between_header_and_first_use_is_noticed(bool mapFiles)
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path, new() { MapFiles = mapFiles });
        Shorten(folder.File("model.safetensors"), 20_000);

        Assert.ThrowsExactly<CheckpointException>(() => checkpoint.Weight("model.norm.weight"));
    }

    [TestMethod]
    public void Empty_file_and_disposed_region_answer_with_an_error()
    {
        using ScratchFolder scratch = new();
        File.WriteAllBytes(scratch.File("f"), []);
        Assert.ThrowsExactly<IOException>(() => MappedRegion.Map(scratch.File("f")));

        MappedRegion region = MappedRegion.Allocate(8, "memory");
        region.Dispose();
        region.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => region.Address(0, 1));

        Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Golden("tiny-dense"));
        checkpoint.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => checkpoint.Weight("model.norm.weight"));
    }

    private static void Shorten(string path, long length)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(length);
    }
}
