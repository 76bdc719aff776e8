using Glm5.Core;
using Glm5.Core.Weights;
using Glm5.Host.Serving;
using Glm5.Host.Workers;
using Glm5.Host.Workers.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Clients.Workers;

/// <summary>Who may join a server's workers, and what the others are told.</summary>
[TestClass]
public sealed class JoinTests
{
    private const string Version = "1.2.3+abc";

    [TestMethod]
    [DataRow("1.2.4+abc", 0, 2, "the worker is version 1.2.4+abc, the server 1.2.3+abc")]
    [DataRow(Version, 0, 3, "rank 0 of 3 processes does not belong to 2 ranks")]
    [DataRow(Version, 2, 2, "rank 2 of 2 processes does not belong to 2 ranks")]
    [DataRow(Version, -1, 2, "rank -1 of 2 processes")]
    [DataRow(Version, 1, 2, "rank 1 has joined already, as process 11")]
    public void Strangers_are_refused_with_the_reason(string version, int rank, int size, string expected)
    {
        using Door door = new();
        Assert.IsNotNull(door.Fleet.Greet(Hello(Version, 1, 2), Version).Link);
        (WorkerLink? link, string? refusal) = door.Fleet.Greet(Hello(version, rank, size), Version);
        Assert.IsNull(link);
        Assert.Contains(expected, refusal!);
    }

    [TestMethod]
    public void Another_config_and_other_weights_are_refused_by_name()
    {
        using Door door = new();
        WorkerLink link = door.Fleet.Greet(Hello(Version, 0, 2), Version).Link!;
        var own = CheckpointDigest.Of(door.Model.Checkpoint);
        Assert.Contains(
            "config.json", door.Fleet.Admit(link, new Identity { Config = "00", Weights = own.Weights })!);
        Assert.Contains("weights", door.Fleet.Admit(link, new Identity { Config = own.Config, Weights = "00" })!);
        Assert.IsNull(door.Fleet.Admit(link, new Identity { Config = own.Config, Weights = own.Weights }));
    }

    [TestMethod]
    public void Nobody_joins_a_fleet_that_has_failed()
    {
        using Door door = new();
        door.Fleet.Fail("rank 1 fell off");
        Assert.AreEqual("rank 1 fell off", door.Fleet.Greet(Hello(Version, 0, 2), Version).Refusal);
        door.Fleet.Fail("later");
        Assert.AreEqual("rank 1 fell off", door.Fleet.Failure!.Message);
    }

    [TestMethod]
    public void The_options_arrive_as_they_were()
    {
        var options = new ModelOptions
        {
            Folder = "/models/with \"quotes\"",
            Ranks = 4,
            Groups = 2,
            SpreadExperts = true,
            KvBytes = 1L << 40,
            KvMemoryFraction = 0.1,
            SpeculativeTokens = 3,
            BlockSlots = 16,
        };
        Assert.AreEqual(options, WireOptions.Read(WireOptions.Write(options)));
    }

    [TestMethod]
    public void A_checkpoint_with_one_other_byte_at_either_end_is_another()
    {
        string folder = Directory.CreateTempSubdirectory("glm5-digest-").FullName;
        foreach (string file in Directory.EnumerateFiles(EmbeddedModel.Folder))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        string weights = Path.Combine(folder, "model.safetensors");
        CheckpointDigest same = Digest(EmbeddedModel.Folder);
        Assert.AreEqual(same, Digest(folder));
        Flip(weights, new FileInfo(weights).Length - 1);
        CheckpointDigest other = Digest(folder);
        Assert.AreEqual(same.Config, other.Config);
        Assert.AreNotEqual(same.Weights, other.Weights);
        File.AppendAllText(Path.Combine(folder, "config.json"), "\n");
        Assert.AreNotEqual(same.Config, Digest(folder).Config);
        Directory.Delete(folder, recursive: true);
    }

    private static CheckpointDigest Digest(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return CheckpointDigest.Of(checkpoint);
    }

    private static void Flip(string path, long at)
    {
        using FileStream file = File.Open(path, FileMode.Open);
        file.Position = at;
        int before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 1));
    }

    private static Hello Hello(string version, int rank, int size) =>
        new() { Version = version, Rank = rank, Size = size, ProcessId = 10 + rank };

    /// <summary>A fleet of two that nobody has joined.</summary>
    private sealed class Door : IDisposable
    {
        public Door()
        {
            var options = new ModelOptions { Folder = EmbeddedModel.Folder, Ranks = 2 };
            Model = OpenedModel.Open(options, new LoadProgress(TimeProvider.System), NullLogger.Instance);
            Fleet = new WorkerFleet(options, Model, NullLogger.Instance);
        }

        public OpenedModel Model { get; }

        public WorkerFleet Fleet { get; }

        public void Dispose()
        {
            Fleet.Dispose();
            Model.Dispose();
        }
    }
}
