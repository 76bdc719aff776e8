using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glm5.Core.Weights;

/// <summary>
/// A file's bytes at a fixed address: mapped read-only, or native memory that a reader fills. Addresses and spans are
/// valid until <see cref="Dispose"/>. Files exceed a span's 2 GB, so offsets are 64-bit and a span is a window.
/// The one file of core with unsafe code: every address it gives out lies within the region it was checked against.
/// There is no finalizer on purpose: addresses live in views the collector cannot see, and a forgotten region leaks
/// rather than vanishes under them.
/// </summary>
public sealed unsafe class MappedRegion : IDisposable
{
    private const int MemoryAlignment = 4096;
    private const int SmallestPage = 4096;

    private readonly string _name;
    private readonly SafeFileHandle? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly long _length;
    private byte* _base;

    private MappedRegion(string name, long length, byte* start, SafeFileHandle? file, MemoryMappedViewAccessor? view)
    {
        _name = name;
        _length = length;
        _base = start;
        _file = file;
        _view = view;
    }

    /// <summary>Address of byte 0.</summary>
    public nint Base => (nint)Live();

    /// <summary>Bytes.</summary>
    public long Length => _length;

    /// <summary>
    /// Maps a whole file for reading. The memory is the system's cache of the file, shared by every process that maps
    /// it.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened or mapped, or it is empty.</exception>
    public static MappedRegion Map(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        try
        {
            long length = RandomAccess.GetLength(file);
            if (length == 0)
            {
                throw new IOException($"{path} is empty: there is nothing to map");
            }

            // The view keeps the mapping alive; the handle stays open to see the file shrink.
            using var map = MemoryMappedFile.CreateFromFile(
                file, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            MemoryMappedViewAccessor view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new MappedRegion(path, length, start + view.PointerOffset, file, view);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Native memory outside the collector's heap, not cleared, to be filled through <see cref="Writable"/>.
    /// </summary>
    /// <param name="length">Bytes, at least 1.</param>
    /// <param name="name">What messages call it.</param>
    public static MappedRegion Allocate(long length, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)length, MemoryAlignment);
        return new MappedRegion(name, length, start, null, null);
    }

    /// <summary>A window for reading.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length) => new((void*)Address(offset, length), length);

    /// <summary>
    /// The address of <paramref name="length"/> bytes from <paramref name="offset"/> on, checked against the region.
    /// </summary>
    public nint Address(long offset, long length)
    {
        byte* start = Live();
        if (offset < 0 || length < 0 || offset > _length - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{length} bytes from offset {offset} are not within the {_length} bytes of {_name}");
        }

        return (nint)(start + offset);
    }

    /// <summary>A window for filling memory of <see cref="Allocate"/>; a mapped file refuses.</summary>
    internal Span<byte> Writable(long offset, int length)
    {
        if (_view is not null)
        {
            throw new InvalidOperationException($"{_name} is mapped read-only");
        }

        return new Span<byte>((void*)Address(offset, length), length);
    }

    /// <summary>
    /// Throws when the file under the mapping has become shorter: touching what is gone would end the process.
    /// The check narrows that window, nothing can close it: do not write to a checkpoint that is being served.
    /// </summary>
    /// <exception cref="CheckpointException">With both lengths.</exception>
    public void EnsureIntact()
    {
        Live();
        if (_file is not null && RandomAccess.GetLength(_file) is long now && now < _length)
        {
            throw new CheckpointException(_name,
                [$"the file shrank while it was open: it had {_length} bytes, now {now}; restore it and start again"]);
        }
    }

    /// <summary>Brings a stretch of a mapped file into memory by reading a byte of each page.</summary>
    public void Touch(long offset, long length)
    {
        EnsureIntact();
        byte* start = (byte*)Address(offset, length);
        for (long at = 0; at < length; at += SmallestPage)
        {
            _ = Volatile.Read(ref start[at]);
        }
    }

    public void Dispose()
    {
        if (_base is null)
        {
            return;
        }

        if (_view is null)
        {
            NativeMemory.AlignedFree(_base);
        }
        else
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }

        _base = null;
    }

    /// <summary>
    /// Reads raw memory. The caller vouches that the bytes belong to a live region: <see cref="WeightSource"/> does,
    /// having checked row and column against extents that were checked against the region.
    /// </summary>
    internal static ReadOnlySpan<byte> At(nint address, int length) => new((void*)address, length);

    private byte* Live()
    {
        ObjectDisposedException.ThrowIf(_base is null, this);
        return _base;
    }
}
