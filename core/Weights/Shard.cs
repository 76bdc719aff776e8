using Microsoft.Win32.SafeHandles;

namespace Glm5.Core.Weights;

/// <summary>
/// One file of a checkpoint and the memory its bytes are in. Mapped on first use; without mapping, memory is allocated
/// on first use and filled in chunks, by the reader's threads or by whoever needs a weight first.
/// </summary>
internal sealed class Shard(SafetensorsFile file, bool map, FileReads reads) : IDisposable
{
    private const int ReadChunk = 16 << 20;

    private readonly Lock _lock = new();
    private MappedRegion? _region;
    private bool[]? _chunkRead;
    private bool _disposed;

    public SafetensorsFile File { get; } = file;

    /// <summary>Bytes that are brought in at a time.</summary>
    public static int ChunkBytes => ReadChunk;

    /// <summary>The address of a tensor's first byte, with its bytes there to be read.</summary>
    public nint AddressOf(StoredTensor tensor)
    {
        MappedRegion region = Region();
        if (map)
        {
            region.EnsureIntact();
        }
        else
        {
            for (long at = tensor.Offset / ReadChunk * ReadChunk; at < tensor.Offset + tensor.Length; at += ReadChunk)
            {
                BringIn(at);
            }
        }

        return region.Address(tensor.Offset, tensor.Length);
    }

    /// <summary>
    /// Brings the chunk at <paramref name="offset"/>, a multiple of <see cref="ChunkBytes"/>, into memory.
    /// </summary>
    /// <returns>Its bytes.</returns>
    public int BringIn(long offset)
    {
        MappedRegion region = Region();
        int length = (int)Math.Min(ReadChunk, File.Length - offset);
        if (map)
        {
            region.Touch(offset, length);
        }
        else
        {
            ReadOnce(region, offset, length);
        }

        return length;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _region?.Dispose();
            _disposed = true;
        }
    }

    private void ReadOnce(MappedRegion region, long offset, int length)
    {
        ref bool done = ref _chunkRead![offset / ReadChunk];
        if (Volatile.Read(ref done))
        {
            return;
        }

        // Two threads that meet at one chunk both read it, the same bytes to the same place.
        try
        {
            using SafeFileHandle handle = System.IO.File.OpenHandle(File.Path);
            reads.Exactly(handle, region, offset, length, File.Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(File.Path, [$"reading failed: {exception.Message}"]);
        }

        Volatile.Write(ref done, true);
    }

    private MappedRegion Region()
    {
        if (Volatile.Read(ref _region) is { } ready)
        {
            return ready;
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _region ?? Create();
        }
    }

    private MappedRegion Create()
    {
        MappedRegion region;
        try
        {
            region = map ? MappedRegion.Map(File.Path) : MappedRegion.Allocate(File.Length, File.Path);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            string what = map ? "mapping" : "allocating memory for";
            throw new CheckpointException(File.Path, [$"{what} its {File.Length} bytes failed: {exception.Message}"]);
        }

        if (region.Length != File.Length)
        {
            long now = region.Length;
            region.Dispose();
            throw new CheckpointException(File.Path,
                [$"the file changed since its header was read: it had {File.Length} bytes, now {now}; start again"]);
        }

        _chunkRead = map ? null : new bool[((File.Length - 1) / ReadChunk) + 1];
        Volatile.Write(ref _region, region);
        return region;
    }
}
