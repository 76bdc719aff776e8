namespace Glm5.Tests.Clients;

/// <summary>
/// How long tests by chance try. The environment variable GLM5_SOAK, a whole number, multiplies their counts: 1 without it,
/// more in the long tier.
/// </summary>
internal static class Soak
{
    private static readonly int s_factor =
        int.TryParse(Environment.GetEnvironmentVariable("GLM5_SOAK"), out int factor) && factor > 0 ? factor : 1;

    /// <summary>True in the long tier.</summary>
    public static bool IsLong => s_factor > 1;

    /// <summary>An ordinary count, as long as the tier is.</summary>
    public static int Times(int count) => count * s_factor;
}
