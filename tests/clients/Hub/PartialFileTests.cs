using CsCheck;
using Glm5.Host.Hub;

namespace Glm5.Tests.Clients.Hub;

/// <summary>What has arrived is known again, and a damaged record is no record.</summary>
[TestClass]
public sealed class PartialFileTests
{
    [TestMethod]
    public async Task Pieces_go_on_from_where_they_were_recorded()
    {
        using Folder folder = new();
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        using (PartialFile first = PartialFile.Open(folder.Path, 100, 30))
        {
            Assert.AreEqual(4, first.Pieces);
            Assert.IsTrue(first.Agrees("\"tag\""));
            await first.WriteAsync(1, bytes.AsMemory(30, 11), default);
            await first.WriteAsync(3, bytes.AsMemory(90, 10), default);
            first.RecordPiece(1);
            first.RecordPiece(3);
        }

        Assert.AreEqual(21, PartialFile.ArrivedAt(folder.Path, 100));
        using (PartialFile second = PartialFile.Open(folder.Path, 100, 50))
        {
            Assert.IsFalse(second.Agrees("\"other\""));
            Assert.AreEqual((0, 30), second.Rest(0));
            Assert.AreEqual((41, 19), second.Rest(1));
            Assert.AreEqual((100, 0), second.Rest(3));
            for (int piece = 0; piece < second.Pieces; piece++)
            {
                (long from, long length) = second.Rest(piece);
                await second.WriteAsync(piece, bytes.AsMemory((int)from, (int)length), default);
            }
        }

        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(folder.Path));
    }

    [TestMethod]
    public void A_file_of_another_size_begins_anew()
    {
        using Folder folder = new();
        PartialFile.Open(folder.Path, 100, 30).Dispose();
        using PartialFile other = PartialFile.Open(folder.Path, 101, 200);
        Assert.AreEqual(1, other.Pieces);
        Assert.AreEqual(0, other.Arrived);
    }

    [TestMethod]
    public void A_damaged_record_never_claims_more_than_the_file_can_hold() =>
        Gen.Select(Gen.Int[0, 543], Gen.Byte).Array[1, 4].Sample(edits =>
        {
            using Folder folder = new();
            PartialFile.Open(folder.Path, 100, 30).Dispose();
            byte[] record = File.ReadAllBytes(folder.Path + ".record");
            foreach ((int at, byte value) in edits)
                record[at] = value;
            File.WriteAllBytes(folder.Path + ".record", record);
            using PartialFile opened = PartialFile.Open(folder.Path, 100, 30);
            Assert.IsTrue(opened.Arrived is >= 0 and <= 100);
            for (int piece = 0; piece < opened.Pieces; piece++)
            {
                (long from, long length) = opened.Rest(piece);
                Assert.IsTrue(from >= 0 && length >= 0 && from + length <= 100);
            }
        }, iter: Soak.Times(200), threads: 1);

    private sealed class Folder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("glm5-part-");

        public string Path => System.IO.Path.Combine(_folder.FullName, "file");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
