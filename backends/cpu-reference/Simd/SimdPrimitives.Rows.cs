using System.Runtime.CompilerServices;
using Glm5.Backends.CpuReference.Simd.Attention;
using Glm5.Backends.CpuReference.Simd.Products;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Operations that move rows or choose among elements.</summary>
internal unsafe partial class SimdPrimitives
{
    /// <inheritdoc/>
    protected override void EmbedCore(PackedWeight table, Tensor ids, Tensor into)
    {
        int* id = new IntRows(ids)[0];
        for (long t = 0; t < ids.Count; t++)
        {
            if (id[t] < 0 || id[t] >= table.Rows)
                throw new AcceleratorException($"token {t} of the step has id {id[t]}, the embedding has {table.Rows} rows");
        }

        ForRows(new EmbedRow(Stored(table), id, new FloatRows(into)), ids.Count, table.Columns);
    }

    /// <inheritdoc/>
    protected override void ConcatCore(Tensor a, Tensor b, Tensor into)
    {
        FloatRows left = new(a), right = new(b), y = new(into);
        for (long r = 0; r < y.Count; r++)
        {
            Copy(left[r], y[r], left.Width);
            Copy(right[r], y[r] + left.Width, right.Width);
        }
    }

    /// <inheritdoc/>
    protected override void ReduceSumCore(Tensor x, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        for (long r = 0; r < x[0]; r++)
        {
            Copy(a.At(r, 0), y[r], y.Width);
            for (long h = 1; h < x[1]; h++)
                Elementwise.Map(new Elementwise.Sum(), y[r], a.At(r, h), y[r], y.Width);
        }
    }

    /// <inheritdoc/>
    protected override void MaskCore(Tensor scores, Tensor keys)
    {
        FloatRows x = new(scores);
        int* key = new IntRows(keys)[0];
        for (long r = 0; r < x.Count; r++)
        {
            float* row = x[r];
            for (long j = 0; j < x.Width; j++)
                row[j] = key[j] < 0 ? float.NegativeInfinity : row[j];
        }
    }

    /// <inheritdoc/>
    protected override void TopKCore(Tensor x, Tensor into) =>
        ForRows(new TopKRow(new FloatRows(x), new IntRows(into)), x.Rows, x.Width);

    /// <inheritdoc/>
    protected override void FillChoicesCore(Tensor chosen)
    {
        IntRows choices = new(chosen);
        for (long r = 0; r < chosen.Rows; r++)
            FillChoices(new Span<int>(choices[r], (int)choices.Width));
    }

    /// <inheritdoc/>
    protected override void ArgMaxCore(Tensor x, Tensor into)
    {
        FloatRows a = new(x);
        int* best = new IntRows(into)[0];
        for (long r = 0; r < a.Count; r++)
            best[r] = TopScores.First(a[r], a.Width);
    }

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor x, Tensor indices, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        int* index = new IntRows(indices)[0];
        for (long r = 0; r < indices.Count; r++)
        {
            if (index[r] < 0)
                new Span<float>(y[r], (int)y.Width).Clear();
            else
                Copy(a[index[r]], y[r], y.Width);
        }
    }

    /// <inheritdoc/>
    protected override void ScatterRowsCore(Tensor x, Tensor indices, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        int* index = new IntRows(indices)[0];
        for (long r = 0; r < indices.Count; r++)
            Copy(a[r], y[index[r]], a.Width);
    }

    /// <inheritdoc/>
    protected override void GatherColumnsCore(Tensor x, Tensor indices, Tensor into)
    {
        FloatRows a = new(x), y = new(into);
        IntRows index = new(indices);
        for (long r = 0; r < y.Count; r++)
        {
            for (long j = 0; j < y.Width; j++)
                y[r][j] = index[r][j] < 0 ? float.NaN : a[r][index[r][j]];
        }
    }

    /// <summary>A counting sort: one pass counts, one places.</summary>
    protected override void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets)
    {
        int* expert = new IntRows(experts)[0], token = new IntRows(tokenOf)[0];
        int* sorted = new IntRows(sortedRow)[0], first = new IntRows(offsets)[0];
        int count = (int)offsets.Count - 1, pairs = (int)experts.Count, choices = (int)experts[1];
        new Span<int>(first, count + 1).Clear();
        for (int pair = 0; pair < pairs; pair++)
        {
            CheckExpert(expert[pair], count);
            first[expert[pair] + 1]++;
        }

        for (int e = 0; e < count; e++)
            first[e + 1] += first[e];
        for (int pair = 0; pair < pairs; pair++)
        {
            int row = first[expert[pair]]++;
            (token[row], sorted[pair]) = (pair / choices, row);
        }

        // Placing moved each expert's first row to its end, the next one's beginning.
        for (int e = count; e > 0; e--)
            first[e] = first[e - 1];
        first[0] = 0;
    }

    /// <summary>Rows are counted by expert: one that does not exist would be counted outside of the table.</summary>
    internal static void CheckExpert(int expert, int count)
    {
        if ((uint)expert >= (uint)count)
            throw new AcceleratorException($"a token goes to expert {expert}, the layer has {count}");
    }

    private static void FillChoices(Span<int> chosen)
    {
        int free = 0;
        for (int first = chosen.IndexOf(-1); (uint)first < (uint)chosen.Length; first++)
        {
            if (chosen[first] >= 0)
                continue;
            while (chosen.Contains(free))
                free++;
            chosen[first] = free;
        }
    }

    private static void Copy(float* from, float* to, long count) =>
        Unsafe.CopyBlockUnaligned(to, from, checked((uint)(count * sizeof(float))));

    private readonly struct EmbedRow(CpuPackedWeight table, int* ids, FloatRows into) : IRowKernel
    {
        private readonly int* _ids = ids;

        public void Run(long row) => StoredValues.Decode(table.Parts[0], _ids[row], 0, into[row], into.Width);
    }

    private readonly struct TopKRow(FloatRows x, IntRows into) : IRowKernel
    {
        public void Run(long row) => TopPositions.Choose(x[row], (int)x.Width, into[row], (int)into.Width);
    }
}
