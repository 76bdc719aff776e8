namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// Two orders of a rotated row: the contract's, pairs side by side (2i, 2i+1), and the one CANN's operators leave, all
/// first parts and then all second ones. Views [.., .., width] of three dimensions and one type or another.
/// </summary>
internal static class RopeLayout
{
    /// <summary>Pairs side by side to halves.</summary>
    public static void ToHalves(Kernels kernels, in View pairs, in View halves)
    {
        long half = pairs[2] / 2;
        kernels.Convert(pairs.Part(2, 0, half, 2), halves.Part(2, 0, half));
        kernels.Convert(pairs.Part(2, 1, half, 2), halves.Part(2, half, half));
    }

    /// <summary>Halves to pairs side by side.</summary>
    public static void ToPairs(Kernels kernels, in View halves, in View pairs)
    {
        long half = pairs[2] / 2;
        kernels.Convert(halves.Part(2, 0, half), pairs.Part(2, 0, half, 2));
        kernels.Convert(halves.Part(2, half, half), pairs.Part(2, 1, half, 2));
    }
}
