using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class LoadProgressTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Reading_counts_every_byte_of_every_file(bool mapFiles)
    {
        Recorder seen = new();
        LoadProgress progress = new(TimeProvider.System, seen);
        using Checkpoint checkpoint = Checkpoint.Open(
            RepositoryFiles.Golden("tiny-fp8"), new() { MapFiles = mapFiles });
        CheckpointReader.ReadAll(checkpoint, progress, CancellationToken.None);

        LoadStatus status = progress.Status;
        long bytes = checkpoint.Files.Sum(static file => file.Length);
        Assert.AreEqual((LoadPhase.Reading, bytes, bytes), (status.Phase, status.BytesDone, status.BytesTotal));
        Assert.AreEqual(bytes, seen.All[^1].BytesDone);
    }

    [TestMethod]
    public void Reading_can_be_cancelled()
    {
        using Checkpoint checkpoint = Checkpoint.Open(RepositoryFiles.Golden("tiny-fp8"));
        Assert.Throws<OperationCanceledException>(() => CheckpointReader.ReadAll(
            checkpoint, new LoadProgress(TimeProvider.System), new CancellationToken(canceled: true)));
    }

    [TestMethod]
    public void Rate_and_remaining_time_are_those_of_the_phase()
    {
        Clock clock = new();
        LoadProgress progress = new(clock);
        progress.Enter(LoadPhase.Opening);
        clock.Advance(TimeSpan.FromSeconds(3));
        progress.Enter(LoadPhase.Reading, 1_000);
        Assert.IsNull(progress.Status.Remaining);
        clock.Advance(TimeSpan.FromSeconds(2));
        progress.Add(400);
        LoadStatus status = progress.Status;
        Assert.AreEqual((200.0, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)),
            (status.BytesPerSecond, status.Remaining, status.Elapsed));
    }

    [TestMethod]
    public void Observer_hears_of_phases_at_once_and_of_bytes_ten_times_a_second()
    {
        Clock clock = new();
        Recorder seen = new();
        LoadProgress progress = new(clock, seen);
        progress.Enter(LoadPhase.Reading, 1_001);
        for (int i = 0; i < 1_000; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            progress.Add(1);
        }

        progress.Add(1);
        Assert.HasCount(1 + 10 + 1, seen.All);
        Assert.AreEqual(1_001, seen.All[^1].BytesDone);
    }

    [TestMethod]
    public void Failure_and_readiness_stop_the_clock()
    {
        Clock clock = new();
        LoadProgress progress = new(clock);
        clock.Advance(TimeSpan.FromSeconds(1));
        progress.Fail("the disk is gone");
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.AreEqual((LoadPhase.Failed, "the disk is gone", TimeSpan.FromSeconds(1)),
            (progress.Status.Phase, progress.Status.Failure, progress.Status.Elapsed));
    }

    private sealed class Recorder : IProgress<LoadStatus>
    {
        public List<LoadStatus> All { get; } = [];

        public void Report(LoadStatus value) => All.Add(value);
    }

    private sealed class Clock : TimeProvider
    {
        private long _now = 1_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
