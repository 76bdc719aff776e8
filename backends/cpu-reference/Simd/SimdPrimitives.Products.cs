using Glm5.Backends.CpuReference.Simd.Products;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Products with weights and between activations.</summary>
internal unsafe partial class SimdPrimitives
{
    // What packed activations may take beyond the arena: large steps go through in several parts.
    private const long MostPackedFloats = 8 << 20;
    private const long LeastPieceBytes = 16 << 10;
    private const int PiecesPerThread = 8;

    private readonly Scratch _packed = new(memory), _offsets = new(memory), _from = new(memory), _into = new(memory);

    /// <summary>Scratch of each worker.</summary>
    protected Scratch[] WorkerScratch { get; } = NewScratch(memory, team.Threads);

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        long most = RowsAtOnce(LaneOrder.Padded(a.Width));
        int* offsets = stackalloc int[2];
        for (long first = 0; first < a.Count; first += most)
        {
            offsets[1] = (int)Math.Min(most, a.Count - first);
            float** from = _from.Addresses(offsets[1]), to = _into.Addresses(offsets[1]);
            for (int r = 0; r < offsets[1]; r++)
            {
                from[r] = a[first + r];
                to[r] = y[first + r];
            }

            Multiply(Stored(weight), from, to, offsets);
        }
    }

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into) => ForRows(
        new ActivationProduct(new FloatRows(a), new FloatRows(b), transposed, new FloatRows(into)), a[0], a[1] * into[1]);

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        if (weight.Role == WeightRole.KeyUp)
        {
            var work = new KeyUpWork(Stored(weight), a, y, WorkerScratch);
            Team.Run(ref work, work.Pieces);
            return;
        }

        long most = RowsAtOnce(weight.Groups * LaneOrder.Padded(a.Width));
        for (long first = 0; first < x[0]; first += most)
            MultiplyHeads(a, Stored(weight), first, (int)Math.Min(most, x[0] - first), y);
    }

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        int groups = weight.Groups;
        int* whole = new IntRows(offsets)[0], part = _offsets.Integers(groups + 1);
        long most = RowsAtOnce(LaneOrder.Padded(a.Width));
        for (long first = 0; first < a.Count; first += most)
        {
            int rows = (int)Math.Min(most, a.Count - first);
            float** from = _from.Addresses(rows), to = _into.Addresses(rows);
            for (int r = 0; r < rows; r++)
            {
                from[r] = a[first + r];
                to[r] = y[first + r];
            }

            for (int g = 0; g <= groups; g++)
                part[g] = (int)Math.Clamp(whole[g] - first, 0, rows);
            Multiply(Stored(weight), from, to, part);
        }
    }

    /// <summary>Packs rows for products with K in chunks.</summary>
    /// <param name="from">The rows, product by product.</param>
    /// <param name="rows">Where they go.</param>
    protected void Pack(float** from, RowsByProduct rows)
    {
        int pieces = PackWork.PiecesFor(rows.Most);
        var work = new PackWork(rows, from, pieces);
        pieces *= rows.Products;
        if (rows.Count <= 2 * Tile.MostRows)
        {
            for (int piece = 0; piece < pieces; piece++)
                work.Run(piece, 0);
            return;
        }

        Team.Run(ref work, pieces);
    }

    /// <summary>Weight rows of a piece, when that many rows of that many bytes are read in all: enough pieces to even out
    /// threads that are held up, and none so small that handing it out counts.</summary>
    protected long BlockRows(long rows, long rowBytes)
    {
        long even = rows / (PiecesPerThread * Team.Threads), least = LeastPieceBytes / Math.Max(1, rowBytes);
        return (Math.Max(even, least) + Tile.PanelRows) / Tile.PanelRows * Tile.PanelRows;
    }

    /// <summary>Rows of so many floats that are packed at a time.</summary>
    private static long RowsAtOnce(long floats) =>
        Math.Max(Tile.MostRows, MostPackedFloats / floats / Tile.MostRows * Tile.MostRows);

    /// <summary>Products of neighbouring tokens with each head's matrix.</summary>
    private void MultiplyHeads(FloatRows x, CpuPackedWeight weight, long first, int tokens, FloatRows into)
    {
        int heads = weight.Groups;
        int* offsets = _offsets.Integers(heads + 1);
        float** from = _from.Addresses((long)heads * tokens), to = _into.Addresses((long)heads * tokens);
        offsets[0] = 0;
        for (int h = 0; h < heads; h++)
        {
            offsets[h + 1] = offsets[h] + tokens;
            for (int t = 0; t < tokens; t++)
            {
                from[offsets[h] + t] = x.At(first + t, h);
                to[offsets[h] + t] = into.At(first + t, h);
            }
        }

        Multiply(weight, from, to, offsets);
    }

    /// <summary>Products of rows with the groups of a weight: rows offsets[g] … offsets[g + 1] - 1 with group g.</summary>
    private void Multiply(CpuPackedWeight weight, float** from, float** into, int* offsets)
    {
        int rows = offsets[weight.Groups];
        float* packed = _packed.Floats(RowsByProduct.Floats(rows, 1, weight.Columns));
        var byProduct = new RowsByProduct(packed, offsets, weight.Groups, 1, weight.Columns);
        Pack(from, byProduct);
        long rowBytes = weight.Columns * weight.Parts[0].Type.Bytes();
        long blockRows = BlockRows(byProduct.Active * weight.Rows, rowBytes);
        var work = new ProductWork(weight, byProduct, into, blockRows, WorkerScratch);
        Team.Run(ref work, work.Pieces);
    }

    /// <summary>One scratch a worker.</summary>
    protected static Scratch[] NewScratch(DeviceMemory memory, int workers)
    {
        var scratch = new Scratch[workers];
        for (int i = 0; i < workers; i++)
            scratch[i] = new Scratch(memory);
        return scratch;
    }
}
