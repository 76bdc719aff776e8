namespace Glm5.Host.Hub;

/// <summary>
/// An exclusive lock between processes, held as long as the object lives and given up by the system when a process
/// dies. On Unix it is <c>flock</c> on the file, which the hubs' own tools take too, so they and we exclude each other.
/// The file stays: removing it would let two hold "the" lock.
/// </summary>
internal sealed partial class FileLock : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits until nobody else has the lock.</summary>
    public static async Task<FileLock> TakeAsync(
        string path, ILogger logger, TimeProvider clock, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        bool told = false;
        while (true)
        {
            try
            {
                return new FileLock(
                    new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                if (!told)
                    LogWaiting(logger, path);
                told = true;
            }

            await Task.Delay(s_pause, clock, stop);
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK of Linux and of macOS; ERROR_SHARING_VIOLATION of Windows.
    private static bool IsHeld(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    [LoggerMessage(Level = LogLevel.Information, Message = "Another process fetches this file; waiting for {Path}")]
    private static partial void LogWaiting(ILogger logger, string path);
}
