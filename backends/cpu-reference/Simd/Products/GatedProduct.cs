namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>silu(gate · x) · up · x of some networks.</summary>
/// <param name="weight">Gate and up of each network.</param>
/// <param name="rows">The activations.</param>
/// <param name="into">Where each row's results go.</param>
/// <param name="block">Gate rows of a piece; as many up rows go with them.</param>
internal readonly unsafe struct GatedProduct(CpuPackedWeight weight, RowsByProduct rows, float** into, long block)
{
    private readonly float** _into = into;

    /// <summary>Pieces of all networks; 0 for <c>default</c>.</summary>
    public int Pieces => weight is null ? 0 : rows.Products * BlocksPerNetwork;

    private int BlocksPerNetwork => (int)((weight.Parts[0].Rows + block - 1) / block);

    /// <summary>Does a piece.</summary>
    /// <param name="piece">Which.</param>
    /// <param name="panels">Scratch for weights.</param>
    /// <param name="up">Scratch for the results with up.</param>
    public void Run(int piece, Scratch panels, Scratch up)
    {
        int product = piece / BlocksPerNetwork, gate = 2 * rows.Group(product);
        long first = piece % BlocksPerNetwork * block, count = Math.Min(block, weight.Parts[0].Rows - first);
        PackedRows x = rows.Of(product);
        float** into = _into + rows.First(product);
        var results = new StripResults(up.Floats(x.Rows * count), first, count);
        ProductBlock.Run(weight.Parts[gate], first, count, x, new PlainResults(into, 0), panels);
        ProductBlock.Run(weight.Parts[gate + 1], first, count, x, results, panels);
        for (long row = 0; row < x.Rows; row++)
        {
            float* y = into[row] + first;
            Elementwise.Map(new Elementwise.SiluTimes(), y, results.Row(row), y, count);
        }
    }
}

/// <summary>The shared network's pieces and the experts', in one run.</summary>
internal readonly struct GatedWork(GatedProduct shared, GatedProduct experts, Scratch[] panels, Scratch[] up) : IWork
{
    /// <summary>Pieces of both.</summary>
    public int Pieces => shared.Pieces + experts.Pieces;

    public void Run(int piece, int worker)
    {
        if (piece < shared.Pieces)
            shared.Run(piece, panels[worker], up[worker]);
        else
            experts.Run(piece - shared.Pieces, panels[worker], up[worker]);
    }
}
