namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>The activation rows of several products with matrices of one shape, packed one product behind the other.</summary>
/// <param name="packed">Where packed rows go: all rows times <see cref="PackedRows.RowFloats"/>.</param>
/// <param name="offsets">[products + 1] the first row of each product.</param>
/// <param name="products">Number of products.</param>
/// <param name="chunks">Chunks of K.</param>
/// <param name="width">Elements of a chunk.</param>
/// <param name="groups">[products] the weight's group of each product; null where it is the product's own number.</param>
internal readonly unsafe struct RowsByProduct(
    float* packed, int* offsets, int products, int chunks, long width, int* groups = null)
{
    private readonly float* _packed = packed;
    private readonly int* _offsets = offsets, _groups = groups;

    /// <summary>Number of products.</summary>
    public int Products => products;

    /// <summary>Rows of all products.</summary>
    public long Count => _offsets[products];

    /// <summary>The weight's group of a product.</summary>
    public int Group(int product) => _groups == null ? product : _groups[product];

    /// <summary>The first row of a product.</summary>
    public int First(int product) => _offsets[product];

    /// <summary>The most rows that a product has.</summary>
    public long Most
    {
        get
        {
            long most = 0;
            for (int p = 0; p < products; p++)
                most = Math.Max(most, _offsets[p + 1] - _offsets[p]);
            return most;
        }
    }

    /// <summary>Products that have rows.</summary>
    public int Active
    {
        get
        {
            int active = 0;
            for (int p = 0; p < products; p++)
                active += _offsets[p + 1] > _offsets[p] ? 1 : 0;
            return active;
        }
    }

    /// <summary>Floats that the packed rows take.</summary>
    public static long Floats(long rows, int chunks, long width) => rows * chunks * LaneOrder.Padded(width);

    /// <summary>The packed rows of a product.</summary>
    public PackedRows Of(int product)
    {
        int first = _offsets[product];
        return new PackedRows(_packed + Floats(first, chunks, width), _offsets[product + 1] - first, chunks, width);
    }
}
