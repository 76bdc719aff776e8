using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Polly;
using Polly.Retry;

namespace Glm5.Core.Weights;

/// <summary>
/// Reads that forgive network storage a hiccup: an I/O error is logged and tried again after 0.1, 0.2 and 0.4 s. A file
/// that is not there, may not be read or is too short is an answer, not a hiccup.
/// </summary>
internal sealed partial class FileReads
{
    /// <summary>Without a log.</summary>
    public static readonly FileReads Silent = new(NullLogger.Instance, TimeProvider.System);

    private readonly ResiliencePipeline _patient;

    /// <param name="logger">Told of every wait.</param>
    /// <param name="clock">Measures the waits.</param>
    public FileReads(ILogger logger, TimeProvider clock)
    {
        _patient = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(100),
                BackoffType = DelayBackoffType.Exponential,
                ShouldHandle = new PredicateBuilder().Handle<IOException>(CanPass),
                OnRetry = retry =>
                {
                    LogRetry(logger, retry.Outcome.Exception!.Message, retry.RetryDelay.TotalSeconds);
                    return default;
                },
            })
            .Build();
    }

    /// <summary>Runs a read under the policy.</summary>
    public T Patiently<T>(Func<T> read) => _patient.Execute(read);

    /// <summary>A whole small file.</summary>
    public byte[] All(string path) => Patiently(() => File.ReadAllBytes(path));

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public void Exactly(SafeFileHandle file, byte[] into, long offset, string path) =>
        Patiently(() => Fill(file, into, offset, path));

    /// <summary>Fills a stretch of a region from the same offset of a file.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public void Exactly(SafeFileHandle file, MappedRegion into, long offset, int length, string path) =>
        Patiently(() => Fill(file, into.Writable(offset, length), offset, path));

    private static int Fill(SafeFileHandle file, Span<byte> into, long offset, string path)
    {
        int done = 0;
        while (done < into.Length)
        {
            int read = RandomAccess.Read(file, into[done..], offset + done);
            if (read == 0)
            {
                throw new EndOfStreamException(
                    $"{path} ends at byte {offset + done}, {into.Length - done} bytes early: it has shrunk");
            }

            done += read;
        }

        return done;
    }

    private static bool CanPass(IOException exception) => exception is not
        (FileNotFoundException or DirectoryNotFoundException or PathTooLongException or EndOfStreamException);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A read failed ({Problem}); trying again in {Seconds:F1} s")]
    private static partial void LogRetry(ILogger logger, string problem, double seconds);
}
