using System.Text;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class SafetensorsFileTests : IDisposable
{
    private const string Pair =
        """{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [TestMethod]
    public void Honest_file_gives_types_shapes_and_offsets_from_its_start()
    {
        SafetensorsFile file = SafetensorsFile.Open(Write(Pair, 32));
        Assert.HasCount(2, file.Tensors);
        StoredTensor b = file.Tensors["b"];
        Assert.AreEqual((StoredType.BF16, 8 + Pair.Length + 24L, 8L), (b.Type, b.Offset, b.Length));
        CollectionAssert.AreEqual(new long[] { 2, 3 }, file.Tensors["a"].Shape.ToArray());
        Assert.IsEmpty(file.Notices);
    }

    [TestMethod]
    public void Metadata_scalars_empty_tensors_and_padding_are_part_of_the_format()
    {
        SafetensorsFile file = SafetensorsFile.Open(Write(
            """{"__metadata__":{"format":"pt"},"s":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"e":{"dtype":"U8","shape":[0,5],"data_offsets":[8,8]}}    """, 8));
        Assert.HasCount(2, file.Tensors);
        Assert.AreEqual(0, file.Tensors["e"].Length);
    }

    [TestMethod]
    public void Bytes_of_no_tensor_are_noticed_and_harmless()
    {
        SafetensorsFile file = SafetensorsFile.Open(Write(
            """{"a":{"dtype":"U8","shape":[4],"data_offsets":[8,12]}}""", 20));
        StringAssert.Contains(file.Notices[0], "16 of its 20 data bytes");
    }

    [TestMethod]
    [DataRow(0, "0 bytes")]
    [DataRow(7, "7 bytes")]
    public void File_without_room_for_a_header_length_is_refused(int bytes, string expected)
    {
        string path = _scratch.File("short");
        File.WriteAllBytes(path, new byte[bytes]);
        Refused(path, expected);
    }

    [TestMethod]
    [DataRow(ulong.MaxValue, "at most 100000000")]
    [DataRow(100_000_001UL, "at most 100000000")]
    [DataRow(1_000UL, "truncated")]
    public void Lying_header_length_is_refused_before_memory_is_taken(ulong declared, string expected) =>
        Refused(SafetensorsForge.WriteRaw(_scratch.File("f"), declared, "{}"u8, 0), expected);

    [TestMethod]
    [DataRow("", "not valid JSON")]
    [DataRow("[]", "not a JSON object")]
    [DataRow("nonsense", "not valid JSON")]
    [DataRow("{", "not valid JSON")]
    [DataRow("{} {}", "not valid JSON")]
    [DataRow("""{"a":1}""", "expected an object")]
    [DataRow("""{"__metadata__":[]}""", "expected an object")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", "malformed")]
    [DataRow("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", "unknown dtype \"F31\"")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "reversed")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "truncated or its header lies")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "needs 8 bytes, but its data_offsets hold 4")]
    [DataRow("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", "more than 2^63")]
    [DataRow("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", "more than 2^63")]
    [DataRow("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""", "claims the data bytes")]
    [DataRow("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "overlap")]
    [DataRow("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "overlap")]
    [DataRow("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "\"a\" twice")]
    [DataRow("""{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", "not valid Unicode")]
    public void Hostile_header_is_refused(string header, string expected) => Refused(Write(header, 4), expected);

    [TestMethod]
    public void Invalid_utf8_and_deep_nesting_are_refused()
    {
        byte[] broken = Encoding.UTF8.GetBytes(Pair);
        broken[2] = 0xFF;
        Refused(SafetensorsForge.WriteRaw(_scratch.File("utf8"), (ulong)broken.Length, broken, 32), "");
        Refused(Write(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), 0), "not valid JSON");
    }

    [TestMethod]
    public void All_problems_of_a_file_are_listed_at_once()
    {
        SafetensorsException exception = Assert.ThrowsExactly<SafetensorsException>(() => SafetensorsFile.Open(Write(
            """{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[9],"data_offsets":[0,4]},"c":0}""", 4)));
        Assert.HasCount(3, exception.Problems);
        StringAssert.Contains(exception.Message, "3 problems");
    }

    [TestMethod]
    public void A_hundred_thousand_problems_stay_readable()
    {
        StringBuilder header = new("{");
        for (int i = 0; i < 100_000; i++)
        {
            header.Append($"{(i == 0 ? "" : ",")}\"t{i}\":{{\"dtype\":\"F{i}x\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        }

        SafetensorsException exception = Assert.ThrowsExactly<SafetensorsException>(
            () => SafetensorsFile.Open(Write(header.Append('}').ToString(), 4)));
        Assert.HasCount(101, exception.Problems);
        Assert.AreEqual("and 99900 more", exception.Problems[^1]);
    }

    [TestMethod]
    public void A_name_cannot_write_to_the_terminal()
    {
        SafetensorsException exception = Assert.ThrowsExactly<SafetensorsException>(() => SafetensorsFile.Open(Write(
            """{"\u001b[2J":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}""", 4)));
        Assert.DoesNotContain('\u001b', exception.Message);
    }

    [TestMethod]
    public void Missing_file_and_folder_in_its_place_are_refused()
    {
        Refused(_scratch.File("nothing"), "cannot be read");
        Refused(_scratch.Path, "cannot be read");
    }

    private string Write(string header, long dataLength) =>
        SafetensorsForge.Write(_scratch.File("model.safetensors"), header, dataLength);

    private static void Refused(string path, string expected)
    {
        SafetensorsException exception = Assert.ThrowsExactly<SafetensorsException>(() => SafetensorsFile.Open(path));
        StringAssert.Contains(exception.Message, expected);
        StringAssert.StartsWith(exception.Message, path);
    }
}
