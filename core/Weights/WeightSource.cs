using System.Buffers.Binary;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Core.Weights;

/// <summary>The F32 scales of a quantised matrix, one per block of the checkpoint's whole tensor.</summary>
/// <param name="Address">Of the scale of block [0, 0], whatever part of the matrix a view shows.</param>
/// <param name="BlockRows">Rows under one scale: 128 in FP8, 1 in I8.</param>
/// <param name="BlockColumns">Columns under one scale: 128 in FP8, <see cref="ChannelScaled.AllColumns"/> in I8.</param>
/// <param name="ScaleColumns">Scales from one row of blocks to the next.</param>
public readonly record struct BlockScales(nint Address, int BlockRows, int BlockColumns, long ScaleColumns);

/// <summary>
/// A weight in its stored form, or a rank's part of it: a view that owns nothing and is valid until the
/// <see cref="Checkpoint"/> it came from is disposed. A vector is one row. The address may be less aligned than
/// the element type.
/// </summary>
public readonly record struct WeightSource
{
    /// <summary>The tensor's name in the checkpoint.</summary>
    public required string Name { get; init; }

    /// <summary>F32, BF16, F8E4M3 or I8.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Of element [0, 0] of this view.</summary>
    public required nint Address { get; init; }

    public required long Rows { get; init; }

    public required long Columns { get; init; }

    /// <summary>Elements from one row to the next.</summary>
    public required long RowStride { get; init; }

    /// <summary>Row of this view's [0, 0] in the checkpoint's tensor; block scales are counted from there.</summary>
    public long RowOrigin { get; init; }

    /// <summary>Column of this view's [0, 0] in the checkpoint's tensor.</summary>
    public long ColumnOrigin { get; init; }

    /// <summary>Present exactly when <see cref="Type"/> is F8E4M3 or I8.</summary>
    public BlockScales? Scales { get; init; }

    /// <summary>Bytes of this view's elements and of the scales of every block that it touches.</summary>
    public long StoredBytes => (Rows * Columns * Type.Bytes()) + (Scales is { } scales
        ? BlocksTouched(RowOrigin, Rows, scales.BlockRows) * BlocksTouched(ColumnOrigin, Columns, scales.BlockColumns) * sizeof(float)
        : 0);

    /// <summary>
    /// Rows <paramref name="from"/> .. <paramref name="from"/> + <paramref name="count"/> - 1 of this view.
    /// </summary>
    public WeightSource RowSlice(long from, long count)
    {
        CheckSlice("rows", from, count, Rows);
        return this with
        {
            Address = AddressOf(from, 0),
            Rows = count,
            RowOrigin = RowOrigin + from,
        };
    }

    /// <summary>
    /// Columns <paramref name="from"/> .. <paramref name="from"/> + <paramref name="count"/> - 1 of this view.
    /// </summary>
    public WeightSource ColumnSlice(long from, long count)
    {
        CheckSlice("columns", from, count, Columns);
        return this with
        {
            Address = AddressOf(0, from),
            Columns = count,
            ColumnOrigin = ColumnOrigin + from,
        };
    }

    /// <summary>
    /// Decodes <c>into.Length</c> elements of a row from a column on. Exact for F32 and BF16; one rounding, that of
    /// code times scale, for FP8 and I8. The plain definition of what a weight is: kernels are compared with it.
    /// </summary>
    public void Decode(long row, long column, Span<float> into)
    {
        CheckSlice("rows", row, 1, Rows);
        CheckSlice("columns", column, into.Length, Columns);
        ReadOnlySpan<byte> stored = MappedRegion.At(AddressOf(row, column), checked(into.Length * Type.Bytes()));
        switch (Type)
        {
            case ElementType.F32:
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] = BinaryPrimitives.ReadSingleLittleEndian(stored[(4 * i)..]);
                }

                break;
            case ElementType.BF16:
                Bf16.Decode(stored, into);
                break;
            case ElementType.F8E4M3 when Scales is { } scales:
                DecodeFp8(stored, scales, row, column, into);
                break;
            case ElementType.I8 when Scales is { } scales:
                ChannelScaled.DecodeRow(
                    stored, MappedRegion.At(scales.Address + (nint)((RowOrigin + row) * sizeof(float)), sizeof(float)), into);
                break;
            default:
                throw new InvalidOperationException($"{Name} is {Type} and has {(Scales is null ? "no " : "")}scales: "
                    + "a weight is F32, BF16, or F8E4M3 or I8 with scales");
        }
    }

    private void DecodeFp8(ReadOnlySpan<byte> codes, BlockScales scales, long row, long column, Span<float> into)
    {
        long firstScale = (RowOrigin + row) / scales.BlockRows * scales.ScaleColumns;
        nint address = checked((nint)(scales.Address + (firstScale * sizeof(float))));
        ReadOnlySpan<byte> scaleRow = MappedRegion.At(address, checked((int)scales.ScaleColumns * sizeof(float)));
        BlockScaled.DecodeRow(codes, scaleRow, ColumnOrigin + column, scales.BlockColumns, into);
    }

    private static long BlocksTouched(long origin, long count, int block) =>
        ((origin + count + block - 1) / block) - (origin / block);

    private nint AddressOf(long row, long column) =>
        checked((nint)(Address + (((row * RowStride) + column) * Type.Bytes())));

    private void CheckSlice(string what, long from, long count, long available)
    {
        if (from < 0 || count < 0 || from > available - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(from),
                $"{Name} [{Rows}, {Columns}]: {count} {what} from {from} on were asked for; it has {available}");
        }
    }
}
