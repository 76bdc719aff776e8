using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Glm5.Benchmarks.Load;

/// <summary>
/// When the last steps chose their tokens, seen by server and client: a file of timestamps that both have mapped. Every
/// token of a step is the same letter, so that a client knows by it which step a chunk is of; letters come again after
/// as many steps as there are. Timestamps of two processes compare on one machine.
/// </summary>
internal sealed class StepClock : IDisposable
{
    /// <summary>The letters, each a token of its own.</summary>
    public const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _times;
    private long _step;

    /// <summary>Maps the file, which is made when it is not there.</summary>
    public StepClock(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Letters.Length * sizeof(long));
        _times = _file.CreateViewAccessor();
    }

    /// <summary>A step has chosen its tokens; returns their letter's index.</summary>
    public int Stamp()
    {
        int letter = (int)(_step++ % Letters.Length);
        _times.Write(letter * sizeof(long), Stopwatch.GetTimestamp());
        return letter;
    }

    /// <summary>How long ago the last step of a letter was; null for what is none.</summary>
    public TimeSpan? Since(byte character, long now)
    {
        int letter = Letters.IndexOf((char)character, StringComparison.Ordinal);
        return letter < 0 ? null : Stopwatch.GetElapsedTime(_times.ReadInt64(letter * sizeof(long)), now);
    }

    public void Dispose()
    {
        _times.Dispose();
        _file.Dispose();
    }
}
