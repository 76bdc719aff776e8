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

    private readonly Scratch _packed = new(memory), _from = new(memory), _into = new(memory);

    /// <summary>Scratch of each worker.</summary>
    protected Scratch[] WorkerScratch { get; } = NewScratch(memory, team.Threads);

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        long most = Math.Max(Tile.MostRows, MostPackedFloats / LaneOrder.Padded(a.Width) / Tile.MostRows * Tile.MostRows);
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

        int heads = weight.Groups, tokens = (int)x[0];
        int* offsets = stackalloc int[heads + 1];
        float** from = _from.Addresses(a.Count), to = _into.Addresses(a.Count);
        for (int h = 0; h < heads; h++)
        {
            offsets[h + 1] = offsets[h] + tokens;
            for (int t = 0; t < tokens; t++)
            {
                from[offsets[h] + t] = a.At(t, h);
                to[offsets[h] + t] = y.At(t, h);
            }
        }

        Multiply(Stored(weight), from, to, offsets);
    }

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        float** from = _from.Addresses(a.Count), to = _into.Addresses(a.Count);
        for (long r = 0; r < a.Count; r++)
        {
            from[r] = a[r];
            to[r] = y[r];
        }

        Multiply(Stored(weight), from, to, new IntRows(offsets)[0]);
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
