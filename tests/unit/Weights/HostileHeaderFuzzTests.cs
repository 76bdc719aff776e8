using System.Text;
using CsCheck;
using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

/// <summary>
/// Whatever the bytes of a header, an index or a config: a list of problems, or a checkpoint; nothing else.
/// </summary>
[TestClass]
public sealed class HostileHeaderFuzzTests
{
    private static readonly Gen<(double At, byte Value, int Kind)[]> s_edits =
        Gen.Select(Gen.Double[0, 1], Gen.Byte, Gen.Int[0, 4]).Array[1, 8];

    [TestMethod]
    public void Mutated_safetensors_headers_end_in_a_list_or_a_file()
    {
        byte[] honest = File.ReadAllBytes(Path.Combine(RepositoryFiles.Golden("tiny-dense"), "model.safetensors"));
        byte[] header = honest[..(8 + SafetensorsForge.ReadHeader(
            Path.Combine(RepositoryFiles.Golden("tiny-dense"), "model.safetensors")).Length)];
        using ScratchFolder scratch = new();
        int refused = 0;
        s_edits.Sample(
            edits =>
            {
                byte[] mutated = Mutate(header, edits);
                string path = scratch.File("model.safetensors");
                using (FileStream file = File.Create(path))
                {
                    file.Write(mutated);
                    file.SetLength(mutated.Length + honest.Length - header.Length);
                }

                try
                {
                    SafetensorsFile opened = SafetensorsFile.Open(path);
                    foreach (StoredTensor tensor in opened.Tensors.Values)
                    {
                        Assert.IsTrue(tensor.Offset >= 8 && tensor.Offset + tensor.Length <= opened.Length);
                    }
                }
                catch (SafetensorsException)
                {
                    refused++;
                }
            },
            iter: Soak.Times(2_000), threads: 1);
        Assert.IsGreaterThan(500, refused);
    }

    [TestMethod]
    public void Mutated_index_ends_in_a_list_or_a_checkpoint()
    {
        byte[] honest = File.ReadAllBytes(Path.Combine(RepositoryFiles.Golden("tiny-fp8"), "model.safetensors.index.json"));
        using ScratchFolder scratch = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        int refused = 0;
        s_edits.Sample(
            edits =>
            {
                File.WriteAllBytes(scratch.File("model.safetensors.index.json"), Mutate(honest, edits));
                try
                {
                    Checkpoint.Open(scratch.Path).Dispose();
                }
                catch (CheckpointException)
                {
                    refused++;
                }
            },
            iter: Soak.Times(300), threads: 1);
        Assert.IsGreaterThan(50, refused);
    }

    [TestMethod]
    public void Mutated_config_ends_in_a_list_or_a_config()
    {
        byte[] honest = File.ReadAllBytes(RepositoryFiles.Data("glm5-fp8", "config.json"));
        int refused = 0;
        s_edits.Sample(
            edits =>
            {
                try
                {
                    ModelConfig config = ModelConfig.Parse(Mutate(honest, edits), "config.json");
                    Assert.IsGreaterThan(0, config.LayerCount);
                }
                catch (ModelConfigException)
                {
                    refused++;
                }
            },
            iter: Soak.Times(3_000), threads: 1);
        Assert.IsGreaterThan(500, refused);
    }

    [TestMethod]
    public void Mutated_generation_defaults_never_throw()
    {
        byte[] honest = File.ReadAllBytes(Path.Combine(RepositoryFiles.Nano, "generation_config.json"));
        s_edits.Sample(edits => GenerationDefaults.Parse(Mutate(honest, edits)).TopP is null or (>= 0 and <= 1), iter: Soak.Times(3_000));
    }

    /// <summary>Overwrites, deletes, doubles, or plants a piece of JSON at each place.</summary>
    private static byte[] Mutate(byte[] honest, (double At, byte Value, int Kind)[] edits)
    {
        string[] pieces = ["-1", "9223372036854775807", "\"\\ud800\"", "null", "[[]]", "{}", "1e400", "\"", "0"];
        List<byte> bytes = [.. honest];
        foreach ((double at, byte value, int kind) in edits)
        {
            int place = (int)(at * (bytes.Count - 1));
            switch (kind)
            {
                case 0:
                    bytes[place] = value;
                    break;
                case 1:
                    bytes.RemoveRange(place, Math.Min(value, bytes.Count - place - 1));
                    break;
                case 2:
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(value, bytes.Count - place)));
                    break;
                case 3:
                    bytes[place] = (byte)"0123456789,:{}[]\""[value % 17];
                    break;
                default:
                    bytes.InsertRange(place, Encoding.ASCII.GetBytes(pieces[value % pieces.Length]));
                    break;
            }
        }

        return [.. bytes];
    }
}
