namespace Glm5.Backends.Ascend;

/// <summary>What CANN's platform files say of a die.</summary>
/// <param name="Generation">A2 or A3.</param>
/// <param name="CubeCores">Cube cores; vector cores are twice as many.</param>
/// <param name="HbmGigabytes">Memory of the die; boards of 910B4 with 64 GB exist.</param>
internal sealed record SocFacts(string Generation, int CubeCores, int HbmGigabytes);

/// <summary>The dies this backend knows (CANN 8.1.RC1, data/platform_config).</summary>
internal static class SocTable
{
    private static readonly (string Prefix, SocFacts Facts)[] s_dies =
    [
        ("Ascend910B1", new SocFacts("A2", 24, 64)),
        ("Ascend910B2", new SocFacts("A2", 24, 64)),
        ("Ascend910B3", new SocFacts("A2", 20, 64)),
        ("Ascend910B4", new SocFacts("A2", 20, 32)),
        ("Ascend910_939", new SocFacts("A3", 24, 64)),
        ("Ascend910_938", new SocFacts("A3", 24, 64)),
        ("Ascend910_937", new SocFacts("A3", 20, 64)),
        ("Ascend910_936", new SocFacts("A3", 20, 32)),
    ];

    /// <summary>Facts of a die by the name CANN gives it; null for one this backend does not serve.</summary>
    public static SocFacts? Find(string soc)
    {
        foreach ((string prefix, SocFacts facts) in s_dies)
        {
            if (soc.StartsWith(prefix, StringComparison.Ordinal))
                return facts;
        }

        return null;
    }

    /// <summary>Why a die is not served.</summary>
    public static string Refusal(string soc) => soc.Length == 0
        ? "the first visible device cannot be set: another process may hold it, or the driver and CANN do not fit; see npu-smi info"
        : $"{soc} is neither A2 (Ascend910B) nor A3 (Ascend910_93); this backend serves those";
}
