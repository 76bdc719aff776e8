using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Where the parts of a cached row lie. F32 and BF16: its elements in order. FP8: the codes, a scale for each
/// <see cref="KvFormats.TileWidth"/> of them, and the elements that are not coded in BF16.
/// </summary>
/// <param name="Format">How it is stored.</param>
/// <param name="Coded">Elements that FP8 codes: a latent, or an index key.</param>
/// <param name="Kept">Elements behind them that it keeps in BF16: a rotated key.</param>
/// <param name="RoundsScales">Whether scales are rounded up to powers of two.</param>
internal readonly record struct RowLayout(KvFormat Format, int Coded, int Kept, bool RoundsScales)
{
    /// <summary>Of latents.</summary>
    public static RowLayout OfLatents(KvSpec spec) =>
        new(spec.Format, spec.LatentWidth, spec.RopeWidth, RoundsScales: false);

    /// <summary>Of index keys.</summary>
    public static RowLayout OfIndexKeys(KvSpec spec) => new(spec.Format, spec.IndexWidth, 0, RoundsScales: true);

    /// <summary>Elements of a row.</summary>
    public int Width => Coded + Kept;

    /// <summary>Bytes of a row.</summary>
    public int Bytes => Format.LatentBytes(Coded, Kept);

    /// <summary>Bytes before the scales of an FP8 row.</summary>
    public int ScalesAt => Coded;

    /// <summary>Bytes before the BF16 elements of an FP8 row.</summary>
    public int KeptAt => Coded + (KvFormats.Tiles(Coded) * sizeof(float));
}
