using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>A pair of token and expert that this rank works for.</summary>
/// <param name="Group">Whose token it is.</param>
/// <param name="Pair">Token · choices + choice within the group.</param>
internal readonly record struct HeldPair(int Group, int Pair);

/// <summary>
/// Where the pairs of token and expert of all groups go when experts are spread over ranks: sorted by expert, then by group,
/// token and choice. Each rank has the rows of its own experts, and can say where any other row lies. Reused from layer to
/// layer; grows with the largest step.
/// </summary>
internal sealed unsafe class SpreadRows
{
    private int[] _first = [], _next = [];
    private int[] _rowsOfRank = [], _firstOfRank = [];
    private int[] _rowOfOwn = [], _ascending = [];
    private HeldPair[] _held = [];
    private int _heldCount;

    /// <summary>Pairs of all groups.</summary>
    public int Total => _first[^1];

    /// <summary>[ranks] rows of each.</summary>
    public ReadOnlySpan<int> RowsOfRank => _rowsOfRank;

    /// <summary>[rows of this rank] the pairs behind them.</summary>
    public ReadOnlySpan<HeldPair> Held => _held.AsSpan(0, _heldCount);

    /// <summary>[pairs of the own group] the choices of each token as pairs, experts ascending.</summary>
    public ReadOnlySpan<int> Ascending => _ascending;

    /// <summary>The first row of an expert on the rank that holds it.</summary>
    public int FirstOf(int expert, int rank) => _first[expert] - _firstOfRank[rank];

    /// <summary>The rank that holds an expert.</summary>
    public int HolderOf(int expert) => ExpertSpan.HolderOf(expert, _rowsOfRank.Length, _next.Length);

    /// <summary>The row of a pair of the own group on the rank that holds its expert.</summary>
    public int RowOf(int pair, int rank) => _rowOfOwn[pair] - _firstOfRank[rank];

    /// <summary>Sorts what all groups offer.</summary>
    /// <param name="offers">[groups] their tokens.</param>
    /// <param name="exchange">The ranks, and which of them this is.</param>
    /// <param name="choices">Experts of a token.</param>
    /// <param name="experts">Routed experts of the layer.</param>
    /// <exception cref="AcceleratorException">A token goes to an expert that does not exist.</exception>
    public void Sort(ReadOnlySpan<Offer> offers, ExpertExchange exchange, int choices, int experts)
    {
        int own = offers[exchange.Group].Tokens * choices;
        MakeRoom(experts, exchange.Size, own);
        CountRows(offers, choices);
        for (int r = 0; r < exchange.Size; r++)
        {
            ExpertSpan held = ExpertSpan.Of(r, exchange.Size, experts);
            _firstOfRank[r] = _first[held.First];
            _rowsOfRank[r] = _first[held.First + held.Count] - _first[held.First];
        }

        _heldCount = _rowsOfRank[exchange.Rank];
        if (_held.Length < _heldCount)
            _held = new HeldPair[_heldCount];
        PlaceRows(offers, exchange, choices);
        int* expert = (int*)offers[exchange.Group].Experts;
        for (int pair = 0; pair < own; pair += choices)
            SortChoices(expert, pair, choices);
    }

    private void MakeRoom(int experts, int ranks, int own)
    {
        if (_first.Length != experts + 1)
            (_first, _next) = (new int[experts + 1], new int[experts]);
        if (_rowsOfRank.Length != ranks)
            (_rowsOfRank, _firstOfRank) = (new int[ranks], new int[ranks]);
        if (_rowOfOwn.Length < own)
            (_rowOfOwn, _ascending) = (new int[own], new int[own]);
    }

    private void CountRows(ReadOnlySpan<Offer> offers, int choices)
    {
        Array.Clear(_first);
        foreach (ref readonly Offer offer in offers)
        {
            int* expert = (int*)offer.Experts;
            for (int pair = 0; pair < offer.Tokens * choices; pair++)
            {
                SimdPrimitives.CheckExpert(expert[pair], _next.Length);
                _first[expert[pair] + 1]++;
            }
        }

        for (int e = 0; e < _next.Length; e++)
            _first[e + 1] += _first[e];
        _first.AsSpan(0, _next.Length).CopyTo(_next);
    }

    private void PlaceRows(ReadOnlySpan<Offer> offers, ExpertExchange exchange, int choices)
    {
        int first = _firstOfRank[exchange.Rank];
        for (int group = 0; group < offers.Length; group++)
        {
            int* expert = (int*)offers[group].Experts;
            for (int pair = 0; pair < offers[group].Tokens * choices; pair++)
            {
                int row = _next[expert[pair]]++;
                if (group == exchange.Group)
                    _rowOfOwn[pair] = row;
                if (row >= first && row < first + _heldCount)
                    _held[row - first] = new HeldPair(group, pair);
            }
        }
    }

    /// <summary>By insertion: a token has eight choices, mostly in order already.</summary>
    private void SortChoices(int* expert, int first, int choices)
    {
        for (int i = 0; i < choices; i++)
        {
            int at = first + i;
            for (; at > first && expert[_ascending[at - 1]] > expert[first + i]; at--)
                _ascending[at] = _ascending[at - 1];
            _ascending[at] = first + i;
        }
    }
}
