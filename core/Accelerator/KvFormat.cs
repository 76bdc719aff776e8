namespace Glm5.Core.Accelerator;

/// <summary>How rows of the caches are stored; what is computed with them is what they decode to.</summary>
public enum KvFormat
{
    /// <summary>Every element in F32.</summary>
    F32,

    /// <summary>Every element in BF16.</summary>
    BF16,

    /// <summary>
    /// The layouts that FP8 servers use (specification 3.2): latents in E4M3 with an F32 scale for each
    /// <see cref="KvFormats.TileWidth"/>, rotated keys in BF16; index keys in E4M3 with a scale that is a power of two.
    /// </summary>
    FP8,
}

/// <summary>Sizes of <see cref="KvFormat"/>.</summary>
public static class KvFormats
{
    /// <summary>Elements that share a scale.</summary>
    public const int TileWidth = 128;

    /// <summary>Bytes of a latent and its rotated key: 1,152 in BF16 and 656 in FP8 at GLM-5's widths.</summary>
    public static int LatentBytes(this KvFormat format, int latent, int rope) => format switch
    {
        KvFormat.F32 => (latent + rope) * sizeof(float),
        KvFormat.BF16 => (latent + rope) * sizeof(ushort),
        _ => latent + (Tiles(latent) * sizeof(float)) + (rope * sizeof(ushort)),
    };

    /// <summary>Bytes of an index key: 256 in BF16 and 132 in FP8 at GLM-5's width.</summary>
    public static int IndexBytes(this KvFormat format, int width) => format.LatentBytes(width, rope: 0);

    /// <summary>Scales of so many elements.</summary>
    public static int Tiles(int width) => (width + TileWidth - 1) / TileWidth;
}
