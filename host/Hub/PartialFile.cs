using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Glm5.Host.Hub;

/// <summary>
/// A file that is still arriving, in pieces that arrive independently, each from its start on. Beside the bytes lies a
/// record of how far each piece has come, so that a later process goes on. The record follows the bytes; after a power
/// failure it may be ahead of them, which the digest finds.
/// </summary>
/// <remarks>
/// The record: <c>glm5part</c>, size, bytes of a piece, length of the entity tag (each 8 bytes, little-endian), the tag
/// in 480 bytes, then 8 bytes for each piece. One writer at a time: the owner holds the file's lock.
/// </remarks>
internal sealed class PartialFile : IDisposable
{
    private const long Magic = 0x7472_6170_356d_6c67;
    private const int TagAt = 32;
    private const int LongestTag = 480;
    private const int PiecesAt = TagAt + LongestTag;
    private const int MostPieces = 1 << 16;
    private const long RecordEvery = 1 << 20;

    private readonly Lock _lock = new();
    private readonly SafeFileHandle _bytes;
    private readonly SafeFileHandle _record;
    private readonly long _size;
    private readonly long _pieceBytes;
    private readonly long[] _done;
    private readonly long[] _recorded;
    private string? _tag;

    private PartialFile(string path, long size, Record record)
    {
        (_size, _pieceBytes, _done, _tag) = (size, record.PieceBytes, record.Done, record.Tag);
        _recorded = [.. _done];
        _bytes = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        _record = File.OpenHandle(
            RecordPath(path), FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
        RandomAccess.SetLength(_bytes, size);
        byte[] head = new byte[PiecesAt + (8 * _done.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(head, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(8), size);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), _pieceBytes);
        for (int piece = 0; piece < _done.Length; piece++)
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(PiecesAt + (8 * piece)), _done[piece]);
        RandomAccess.Write(_record, head, 0);
        RecordTag();
    }

    /// <summary>How many pieces it has; 0 for an empty file.</summary>
    public int Pieces => _done.Length;

    /// <summary>Bytes that are here.</summary>
    public long Arrived => _done.Sum();

    /// <summary>Opens what has arrived, or begins.</summary>
    /// <param name="path">The bytes; the record is beside it.</param>
    /// <param name="size">Of the whole file.</param>
    /// <param name="pieceBytes">Of a piece, for a file that begins; one that goes on keeps its own.</param>
    public static PartialFile Open(string path, long size, long pieceBytes)
    {
        if (Record.Read(path, size) is { } record)
            return new PartialFile(path, size, record);
        pieceBytes = Math.Max(pieceBytes, (size / MostPieces) + 1);
        File.Delete(path);
        return new PartialFile(
            path, size, new Record(pieceBytes, new long[(size + pieceBytes - 1) / pieceBytes], null));
    }

    /// <summary>Bytes of a file of this size that have arrived; 0 when there is nothing that can go on.</summary>
    public static long ArrivedAt(string path, long size) => Record.Read(path, size)?.Done.Sum() ?? 0;

    /// <summary>Removes what has arrived.</summary>
    public static void Delete(string path)
    {
        File.Delete(RecordPath(path));
        File.Delete(path);
    }

    /// <summary>The stretch of a piece that is still to come.</summary>
    public (long From, long Length) Rest(int piece)
    {
        long from = (piece * _pieceBytes) + _done[piece];
        return (from, Math.Min((piece + 1) * _pieceBytes, _size) - from);
    }

    /// <summary>
    /// The strong entity tag that all pieces must come under: the first one offered. Returns whether it is the one
    /// offered now.
    /// </summary>
    public bool Agrees(string tag)
    {
        lock (_lock)
        {
            if (_tag is null && tag.Length <= LongestTag)
            {
                _tag = tag;
                RecordTag();
            }

            return _tag is null || _tag == tag;
        }
    }

    /// <summary>The tag that was agreed on; null before the first.</summary>
    public string? Tag
    {
        get
        {
            lock (_lock)
            {
                return _tag;
            }
        }
    }

    /// <summary>Appends to a piece. One caller for each piece at a time.</summary>
    public async ValueTask WriteAsync(int piece, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        await RandomAccess.WriteAsync(_bytes, bytes, Rest(piece).From, stop);
        _done[piece] += bytes.Length;
        if (_done[piece] - _recorded[piece] >= RecordEvery)
            RecordPiece(piece);
    }

    /// <summary>Notes how far a piece has come; called when a transfer of it ends.</summary>
    public void RecordPiece(int piece)
    {
        byte[] done = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(done, _done[piece]);
        RandomAccess.Write(_record, done, PiecesAt + (8L * piece));
        _recorded[piece] = _done[piece];
    }

    /// <summary>Brings the bytes to the disk: what is renamed after this survives a power failure.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_bytes);

    /// <summary>Gives the complete file its final name and removes the record. Dispose first.</summary>
    public static void Finish(string path, string target)
    {
        File.Move(path, target, overwrite: true);
        File.Delete(RecordPath(path));
    }

    public void Dispose()
    {
        _bytes.Dispose();
        _record.Dispose();
    }

    private static string RecordPath(string path) => path + ".record";

    private void RecordTag()
    {
        byte[] tag = new byte[8 + LongestTag];
        int length = _tag is null ? 0 : Encoding.Latin1.GetBytes(_tag, tag.AsSpan(8));
        BinaryPrimitives.WriteInt64LittleEndian(tag, length);
        RandomAccess.Write(_record, tag, TagAt - 8);
    }

    /// <summary>The record as it lies on disk.</summary>
    private sealed record Record(long PieceBytes, long[] Done, string? Tag)
    {
        /// <summary>Null unless record and bytes are there and fit the size.</summary>
        public static Record? Read(string path, long size)
        {
            FileInfo bytes = new(path), record = new(RecordPath(path));
            if (!bytes.Exists || bytes.Length != size || !record.Exists
                || record.Length is < PiecesAt or > PiecesAt + (8L * MostPieces))
            {
                return null;
            }

            byte[] text = File.ReadAllBytes(record.FullName);
            long pieceBytes = BinaryPrimitives.ReadInt64LittleEndian(text.AsSpan(16));
            long tagBytes = BinaryPrimitives.ReadInt64LittleEndian(text.AsSpan(24));
            if (BinaryPrimitives.ReadInt64LittleEndian(text) != Magic
                || BinaryPrimitives.ReadInt64LittleEndian(text.AsSpan(8)) != size
                || pieceBytes is <= 0 or > 1L << 50 || tagBytes is < 0 or > LongestTag)
            {
                return null;
            }

            long[] done = new long[(size + pieceBytes - 1) / pieceBytes];
            if (text.Length != PiecesAt + (8 * done.Length))
                return null;
            for (int piece = 0; piece < done.Length; piece++)
            {
                done[piece] = BinaryPrimitives.ReadInt64LittleEndian(text.AsSpan(PiecesAt + (8 * piece)));
                if (done[piece] < 0 || done[piece] > Math.Min(pieceBytes, size - (piece * pieceBytes)))
                    return null;
            }

            return new Record(
                pieceBytes, done, tagBytes == 0 ? null : Encoding.Latin1.GetString(text, TagAt, (int)tagBytes));
        }
    }
}
