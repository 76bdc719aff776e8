using Glm5.Backends.CpuReference.Simd.Products;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// Experts that are spread over ranks. Each rank runs its own for the tokens of all groups and keeps every result apart, chunk
/// by chunk of K and pair by pair; the rank of a token adds them up in the order of <see cref="RowParallelChunks"/>, behind
/// the shared expert. So the bits are those of one rank. Results go column tile by column tile, which bounds their memory.
/// </summary>
internal sealed unsafe partial class SimdOps
{
    private readonly SpreadRows _spread = new();

    /// <inheritdoc/>
    [Fused("spread experts", When = "experts are spread over ranks")]
    protected override void MoeCore(MoeWeights weights, Tensor x, PartialSum into)
    {
        if (weights.Held is not { } held || Ranks.Experts is not { } exchange)
        {
            base.MoeCore(weights, x, into);
            return;
        }

        Routes routes = Route(weights, x);
        using ActivationArena.Scope scope = Arena.Open();
        ReadOnlySpan<Offer> offers = exchange.Dispatch(x, routes);
        _spread.Sort(offers, exchange, weights.ExpertsPerToken, (int)weights.Router.Rows);
        Networks shared = SharedOrZero(weights, x, into);
        Networks experts = HeldNetworks(weights, held, exchange.Rank, offers);
        RunGated(ref shared, ref experts);
        AddProducts(PackInner(shared, AddendsPerRank), default, into);
        var product = PackInner(experts, RowParallelChunks.Count);
        long tile = ArenaSize.TileColumns(_spread.Total, into.Width);
        for (long column = 0; column < into.Width; column += tile)
            AddTile(exchange, product, experts, routes, column, Math.Min(tile, into.Width - column), into);
    }

    /// <summary>The experts that this rank holds, those that were chosen, each with its rows.</summary>
    private Networks HeldNetworks(MoeWeights weights, ExpertSpan held, int rank, ReadOnlySpan<Offer> offers)
    {
        int rows = _spread.Held.Length;
        int* offsets = TakeInts(held.Count + 1), chosen = TakeInts(held.Count);
        int products = 0;
        offsets[0] = 0;
        for (int e = 0; e < held.Count; e++)
        {
            int end = e + 1 < held.Count ? _spread.FirstOf(held.First + e + 1, rank) : rows;
            if (end > offsets[products])
                (chosen[products], offsets[++products]) = (e, end);
        }

        MlpWeights networks = weights.Experts;
        var mine = new Networks(Stored(networks.GateUp), Stored(networks.Down), offsets, products, chosen, rows)
        {
            From = TakeAddresses(rows),
            Into = TakeAddresses(rows),
            Weights = TakeFloats(rows),
        };
        for (int row = 0; row < rows; row++)
        {
            HeldPair pair = _spread.Held[row];
            ref readonly Offer offer = ref offers[pair.Group];
            mine.From[row] = (float*)offer.X + (pair.Pair / weights.ExpertsPerToken * offer.RowStride);
            mine.Weights[row] = ((float*)offer.Weights)[pair.Pair];
        }

        return mine;
    }

    /// <summary>Some columns of all results: computed where the experts are, added where the tokens are.</summary>
    private void AddTile(
        ExpertExchange exchange, AddendProduct product, Networks experts, Routes routes, long column, long width, PartialSum into)
    {
        using ActivationArena.Scope scope = Arena.Open();
        long rows = experts.Rows, chunkStride = rows * width;
        Tensor results = default;
        if (rows > 0)
        {
            results = Arena.Take(ElementType.F32, RowParallelChunks.Count, rows, width);
            for (long row = 0; row < rows; row++)
                experts.Into[row] = (float*)results.Address + (row * width) - column;
            var work = new AddendWork(
                product, default, column, width, BlockRows(width, product.RowBytes), chunkStride, WorkerScratch);
            Team.Run(ref work, work.Pieces);
        }

        ReadOnlySpan<nint> shown = exchange.Show(results, _spread.RowsOfRank, width);
        var kernel = new AddPairs(
            Sources(shown, routes, width), (int)routes.Experts[1], Addends(into), Ranks.Rank * AddendsPerRank, column, width);
        ForRows(kernel, into.Tokens, routes.Experts[1] * AddendsPerRank * width);
        exchange.Release();
    }

    /// <summary>[pairs of the own group] where the results of each token's experts lie, ascending.</summary>
    private PairSource* Sources(ReadOnlySpan<nint> shown, Routes routes, long width)
    {
        int pairs = (int)routes.Experts.Count;
        int* expert = new IntRows(routes.Experts)[0];
        var sources = (PairSource*)Arena.Take(ElementType.I32, (long)pairs * sizeof(PairSource) / sizeof(int)).Address;
        for (int i = 0; i < pairs; i++)
        {
            int pair = _spread.Ascending[i], holder = _spread.HolderOf(expert[pair]);
            sources[i] = new PairSource(
                (float*)shown[holder] + (_spread.RowOf(pair, holder) * width), _spread.RowsOfRank[holder] * width);
        }

        return sources;
    }

    /// <summary>Where the results of a pair lie.</summary>
    private readonly struct PairSource(float* first, long chunkStride)
    {
        /// <summary>Its result over chunk c of K.</summary>
        public float* Of(int chunk) => first + (chunk * chunkStride);
    }

    /// <summary>addend[c][t] += result[c][t, e] for the chosen experts e, ascending, c in the chunks of this rank.</summary>
    private readonly struct AddPairs(
        PairSource* sources, int choices, Tensor addends, int firstChunk, long column, long width) : IRowKernel
    {
        private readonly PairSource* _sources = sources;
        private readonly float* _addends = (float*)addends.Address + column;
        private readonly long _chunks = addends[0], _chunkStride = addends.Stride(0), _tokenStride = addends.Stride(1);

        public void Run(long row)
        {
            PairSource* chosen = _sources + (row * choices);
            for (int c = 0; c < _chunks; c++)
            {
                float* sum = _addends + (c * _chunkStride) + (row * _tokenStride);
                for (int i = 0; i < choices; i++)
                    Elementwise.Map(new Elementwise.Sum(), sum, chosen[i].Of(firstChunk + c), sum, width);
            }
        }
    }
}
