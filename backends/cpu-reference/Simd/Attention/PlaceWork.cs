using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>Rotates a token's queries and writes its latent row to the cache: a piece is a token.</summary>
internal readonly unsafe struct PlaceLatents : IWork
{
    public required AttentionDims Dims { get; init; }

    public required RopeAngles Angles { get; init; }

    public required StepLayout Layout { get; init; }

    /// <summary>The layer's latent rows.</summary>
    public required CachedRows Cache { get; init; }

    /// <summary>[tokens, heads, nope + rope].</summary>
    public required float* Queries { get; init; }

    /// <summary>[tokens, heads, rope] receives the rotated parts.</summary>
    public required float* Rotated { get; init; }

    /// <summary>[tokens, latent + rope], the latent normed already; its rope part is rotated in place.</summary>
    public required float* Rows { get; init; }

    public void Run(int piece, int worker)
    {
        int width = Dims.Nope + Dims.Rope;
        float* query = Queries + ((long)piece * Dims.Heads * width) + Dims.Nope;
        float* rotated = Rotated + ((long)piece * Dims.Heads * Dims.Rope);
        for (int h = 0; h < Dims.Heads; h++, query += width, rotated += Dims.Rope)
        {
            new ReadOnlySpan<float>(query, Dims.Rope).CopyTo(new Span<float>(rotated, Dims.Rope));
            Angles.Rotate(rotated, piece, Dims.Interleaved);
        }

        float* row = Rows + ((long)piece * (Dims.Latent + Dims.Rope));
        Angles.Rotate(row + Dims.Latent, piece, Dims.Interleaved);
        Cache.Write(Layout.Slots[piece], row);
    }
}

/// <summary>
/// Rotates a token's index key, writes it to the cache, and rotates its index queries: a piece is a token.
/// </summary>
internal readonly unsafe struct PlaceIndexKeys : IWork
{
    public required IndexerDims Dims { get; init; }

    public required RopeAngles Angles { get; init; }

    public required StepLayout Layout { get; init; }

    /// <summary>The layer's index keys.</summary>
    public required CachedRows Cache { get; init; }

    /// <summary>[tokens, width] normed keys, rotated in place.</summary>
    public required float* Keys { get; init; }

    /// <summary>[tokens, heads, width], rotated in place; null where no scores are wanted.</summary>
    public required float* Queries { get; init; }

    public void Run(int piece, int worker)
    {
        float* key = Keys + ((long)piece * Dims.Width);
        Angles.Rotate(key, piece, Dims.Interleaved);
        Cache.Write(Layout.Slots[piece], key);
        for (int h = 0; Queries is not null && h < Dims.Heads; h++)
            Angles.Rotate(Queries + ((((long)piece * Dims.Heads) + h) * Dims.Width), piece, Dims.Interleaved);
    }
}
