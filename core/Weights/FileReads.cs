using Microsoft.Win32.SafeHandles;
using Polly;
using Polly.Retry;

namespace Glm5.Core.Weights;

/// <summary>
/// Reads that forgive network storage a hiccup: an I/O error is tried again after 0.1, 0.2 and 0.4 s. A file that is
/// not there, may not be read or is too short is an answer, not a hiccup.
/// </summary>
internal static class FileReads
{
    private static readonly ResiliencePipeline Patient = Pipeline(TimeProvider.System);

    /// <summary>The policy, on a given clock.</summary>
    internal static ResiliencePipeline Pipeline(TimeProvider clock) =>
        new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(100),
                BackoffType = DelayBackoffType.Exponential,
                ShouldHandle = new PredicateBuilder().Handle<IOException>(static exception => CanPass(exception)),
            })
            .Build();

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public static void Exactly(SafeFileHandle file, byte[] into, long offset, string path) =>
        Patient.Execute(() => Fill(file, into, offset, path));

    /// <summary>Fills a stretch of a region from the same offset of a file.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public static void Exactly(SafeFileHandle file, MappedRegion into, long offset, int length, string path) =>
        Patient.Execute(() => Fill(file, into.Writable(offset, length), offset, path));

    private static void Fill(SafeFileHandle file, Span<byte> into, long offset, string path)
    {
        while (into.Length > 0)
        {
            int read = RandomAccess.Read(file, into, offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"{path} ends at {offset}, {into.Length} bytes early: it shrank while it was read");
            }

            into = into[read..];
            offset += read;
        }
    }

    private static bool CanPass(IOException exception) => exception is not
        (FileNotFoundException or DirectoryNotFoundException or PathTooLongException or EndOfStreamException);
}
