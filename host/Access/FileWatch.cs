namespace Glm5.Host.Access;

/// <summary>
/// Tells when one of a few files has changed. It looks again and again: where links are exchanged, as for mounted secrets,
/// and on network file systems no event says so.
/// </summary>
internal sealed class FileWatch : IDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<string> _paths;
    private readonly Action _changed;
    private readonly ITimer _timer;
    private readonly Stamp[] _stamps;

    /// <summary>Watches from now on.</summary>
    /// <param name="paths">The files; links are followed.</param>
    /// <param name="time">Whose timer says when to look.</param>
    /// <param name="changed">Told of a change, once however many files have changed; never two calls at a time.</param>
    public FileWatch(IReadOnlyList<string> paths, TimeProvider time, Action changed)
    {
        (_paths, _changed) = (paths, changed);
        _stamps = [.. paths.Select(StampOf)];
        _timer = time.CreateTimer(_ => Look(), null, Period, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        bool changed = false;
        for (int i = 0; i < _stamps.Length; i++)
        {
            Stamp now = StampOf(_paths[i]);
            changed |= now != _stamps[i];
            _stamps[i] = now;
        }

        if (changed)
            _changed();
        _timer.Change(Period, Timeout.InfiniteTimeSpan);
    }

    // Of the opened file: the path may be a link, whose own times do not change with its target's.
    private static Stamp StampOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return new Stamp(File.GetLastWriteTimeUtc(file.SafeFileHandle), file.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private readonly record struct Stamp(DateTime Written, long Length);
}
