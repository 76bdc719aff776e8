using Glm5.Backends.CpuReference.Simd.Products;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// Gated networks, dense and of experts. Tokens are sorted by expert, so that each expert's weights are read once; gate, up
/// and SiLU are one run over the team, and the last matrices of all networks another, straight into the addends.
/// </summary>
internal sealed unsafe partial class SimdOps
{
    private readonly Scratch[] _up = NewScratch(memory, team.Threads);

    /// <inheritdoc/>
    [Fused("gated network")]
    protected override void MlpCore(MlpWeights weights, Tensor x, PartialSum into) =>
        AddNetworks(EveryToken(weights, x, into), default, into);

    /// <inheritdoc/>
    [Fused("grouped experts")]
    protected override void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        if (weights.Held is not null)
        {
            base.RunExpertsCore(weights, x, routes, into);
            return;
        }

        using ActivationArena.Scope scope = Arena.Open();
        Networks shared = SharedOrZero(weights, x, into);
        AddNetworks(shared, ByExpert(weights.Experts, x, routes, into), into);
    }

    /// <summary>The shared network, whose results are put first; without one the addends are zeroed.</summary>
    private Networks SharedOrZero(MoeWeights weights, Tensor x, PartialSum into)
    {
        if (weights.Shared is { } network)
            return EveryToken(network, x, into);
        FillCore(Addends(into), 0);
        return default;
    }

    /// <summary>x · Wᵀ of a row-parallel matrix, each chunk of K into its addend. x [tokens, in].</summary>
    private void MatMulRowParallel(Tensor x, PackedWeight weight, PartialSum into)
    {
        using ActivationArena.Scope scope = Arena.Open();
        var rows = new Networks(null, Stored(weight), OneProduct(x[0]), 1, null, x[0]);
        FloatRows a = new(x);
        rows.From = TakeAddresses(x[0]);
        for (long t = 0; t < x[0]; t++)
            rows.From[t] = a[t];
        rows.Into = TokensOf(into);
        AddProducts(PackInner(rows, AddendsPerRank), default, into);
    }

    /// <summary>A network that every token goes through.</summary>
    private Networks EveryToken(MlpWeights weights, Tensor x, PartialSum into)
    {
        var networks = new Networks(Stored(weights.GateUp), Stored(weights.Down), OneProduct(x[0]), 1, null, x[0]);
        FloatRows a = new(x);
        networks.From = TakeAddresses(x[0]);
        for (long t = 0; t < x[0]; t++)
            networks.From[t] = a[t];
        networks.Into = TokensOf(into);
        return networks;
    }

    /// <summary>The experts that were chosen, ascending, each with its tokens, ascending.</summary>
    private Networks ByExpert(MlpWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        long pairs = routes.Experts.Count, choices = routes.Experts[1];
        int count = weights.GateUp.Groups;
        int* expert = new IntRows(routes.Experts)[0];
        int* first = TakeInts(count + 1), offsets = TakeInts(count + 1), chosen = TakeInts(count);
        int products = GroupRows(expert, pairs, count, first, offsets, chosen);
        FloatRows a = new(x), r = new(routes.Weights);
        float** tokens = TokensOf(into);
        var networks = new Networks(Stored(weights.GateUp), Stored(weights.Down), offsets, products, chosen, pairs)
        {
            From = TakeAddresses(pairs),
            Into = TakeAddresses(pairs),
            Weights = (float*)Arena.Take(ElementType.F32, pairs).Address,
        };
        for (int pair = 0; pair < pairs; pair++)
        {
            int row = first[expert[pair]]++;
            long t = pair / choices;
            networks.From[row] = a[t];
            networks.Into[row] = tokens[t];
            networks.Weights[row] = r[t][pair % choices];
        }

        return networks;
    }

    /// <summary>Counts each expert's rows: its first row, and of the experts that have rows the offsets and the ids.</summary>
    private static int GroupRows(int* expert, long pairs, int count, int* first, int* offsets, int* chosen)
    {
        new Span<int>(first, count + 1).Clear();
        for (long pair = 0; pair < pairs; pair++)
        {
            CheckExpert(expert[pair], count);
            first[expert[pair] + 1]++;
        }

        int products = 0;
        offsets[0] = 0;
        for (int e = 0; e < count; e++)
        {
            if (first[e + 1] > 0)
                (chosen[products], offsets[++products]) = (e, first[e] + first[e + 1]);
            first[e + 1] += first[e];
        }

        return products;
    }

    private void AddNetworks(Networks shared, Networks experts, PartialSum into)
    {
        RunGated(ref shared, ref experts);
        AddProducts(PackInner(shared, AddendsPerRank), PackInner(experts, AddendsPerRank), into);
    }

    /// <summary>Leaves the inner activations of both where their rows come from.</summary>
    private void RunGated(ref Networks shared, ref Networks experts)
    {
        long weightRows = (shared.GateRows + experts.GateRows) * 2;
        var work = new GatedWork(Gated(ref shared, weightRows), Gated(ref experts, weightRows), WorkerScratch, _up);
        Team.Run(ref work, work.Pieces);
    }

    /// <summary>Packs the inputs of some networks and prepares where their inner activations go.</summary>
    private GatedProduct Gated(ref Networks networks, long weightRows)
    {
        if (networks.IsEmpty)
            return default;
        long hidden = networks.GateUp!.Columns, inner = networks.Down.Columns;
        float* packed = TakeFloats(RowsByProduct.Floats(networks.Rows, 1, hidden));
        var rows = new RowsByProduct(packed, networks.Offsets, networks.Products, 1, hidden, networks.Groups);
        Pack(networks.From, rows);
        float* results = TakeFloats(networks.Rows * inner);
        for (long row = 0; row < networks.Rows; row++)
            networks.From[row] = results + (row * inner);
        long block = BlockRows(weightRows, 2 * hidden * networks.GateUp.Parts[0].Type.Bytes());
        return new GatedProduct(networks.GateUp, rows, networks.From, block);
    }

    /// <summary>Packs the inner activations of some networks for their last products, K in so many chunks.</summary>
    private AddendProduct PackInner(Networks networks, int chunks)
    {
        if (networks.IsEmpty)
            return default;
        long width = networks.Down.Columns / chunks;
        float* packed = TakeFloats(RowsByProduct.Floats(networks.Rows, chunks, width));
        var rows = new RowsByProduct(packed, networks.Offsets, networks.Products, chunks, width, networks.Groups);
        Pack(networks.From, rows);
        return new AddendProduct(networks.Down, rows, networks.Into, networks.Weights);
    }

    private void AddProducts(AddendProduct shared, AddendProduct experts, PartialSum into)
    {
        long strip = BlockRows(into.Width, shared.RowBytes + experts.RowBytes);
        var work = new AddendWork(shared, experts, 0, into.Width, strip, Addends(into).Stride(0), WorkerScratch);
        Team.Run(ref work, work.Pieces);
    }

    private int* OneProduct(long rows)
    {
        int* offsets = TakeInts(2);
        (offsets[0], offsets[1]) = (0, checked((int)rows));
        return offsets;
    }

    /// <summary>Each token's row in the first addend.</summary>
    private float** TokensOf(PartialSum into)
    {
        float** tokens = TakeAddresses(into.Tokens);
        for (long t = 0; t < into.Tokens; t++)
            tokens[t] = (float*)Addends(into).Address + (t * into.Width);
        return tokens;
    }

    private int* TakeInts(long count) => (int*)Arena.Take(ElementType.I32, count).Address;

    private float** TakeAddresses(long count) => (float**)Arena.Take(ElementType.I32, 2 * count).Address;

    private float* TakeFloats(long count) => (float*)Arena.Take(ElementType.F32, count).Address;

    /// <summary>Networks of one shape and their rows, network by network.</summary>
    private struct Networks(
        CpuPackedWeight? gateUp, CpuPackedWeight down, int* offsets, int products, int* groups, long rows)
    {
        public readonly CpuPackedWeight? GateUp = gateUp;
        public readonly CpuPackedWeight Down = down;
        public readonly int* Offsets = offsets, Groups = groups;
        public readonly int Products = products;
        public readonly long Rows = rows;

        /// <summary>Each row's input; then its inner activations.</summary>
        public float** From;

        /// <summary>Each row's token in the first addend.</summary>
        public float** Into;

        /// <summary>What each row's results are multiplied by; null: 1.</summary>
        public float* Weights;

        public readonly bool IsEmpty => Products == 0;

        /// <summary>Gate rows of all networks.</summary>
        public readonly long GateRows => IsEmpty ? 0 : Products * GateUp!.Parts[0].Rows;
    }
}
