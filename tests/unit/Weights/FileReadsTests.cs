using Glm5.Core.Weights;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class FileReadsTests
{
    [TestMethod]
    public void Read_that_fails_twice_succeeds_after_two_logged_waits()
    {
        Lines log = new();
        Clock clock = new();
        int calls = 0;
        int value = new FileReads(log, clock).Patiently(() => ++calls < 3 ? throw new IOException("stale handle") : 42);
        Assert.AreEqual((42, 3), (value, calls));
        CollectionAssert.AreEqual(new[] { 100.0, 200.0 }, clock.Waits);
        Assert.HasCount(2, log.Written);
        StringAssert.Contains(log.Written[0], "stale handle");
    }

    [TestMethod]
    public void Patience_ends_after_three_waits()
    {
        Clock clock = new();
        Assert.ThrowsExactly<IOException>(() => new FileReads(new Lines(), clock).Patiently<int>(() => throw new IOException("gone")));
        CollectionAssert.AreEqual(new[] { 100.0, 200.0, 400.0 }, clock.Waits);
    }

    [TestMethod]
    public void Absence_and_early_end_are_answers()
    {
        Clock clock = new();
        FileReads reads = new(new Lines(), clock);
        Assert.ThrowsExactly<FileNotFoundException>(() => reads.All(Path.Combine(AppContext.BaseDirectory, "no such file")));
        Assert.ThrowsExactly<EndOfStreamException>(() => reads.Patiently<int>(() => throw new EndOfStreamException()));
        Assert.IsEmpty(clock.Waits);
    }

    [TestMethod]
    public void Notices_are_logged_once()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        SafetensorsForge.EditHeader(folder.File("model.safetensors"), static header => header["extra.weight"] =
            System.Text.Json.Nodes.JsonNode.Parse("""{"dtype":"F16","shape":[0],"data_offsets":[0,0]}"""));
        Lines log = new();
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path, new() { Logger = log });
        checkpoint.Weight(WeightNames.FinalNorm);
        StringAssert.Contains(log.Written.Single(), "1 tensor is not part of this model and ignored: extra.weight");
    }

    /// <summary>Time that passes as soon as it is waited for.</summary>
    private sealed class Clock : TimeProvider
    {
        public List<double> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime.TotalMilliseconds);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));
    }
}
