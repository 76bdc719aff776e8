namespace Glm5.Backends.Cuda;

/// <summary>What is compiled for a compute capability.</summary>
/// <param name="Name">The generation.</param>
/// <param name="Target">The architecture that machine code is made for, as the compiler names it.</param>
/// <param name="Least">The oldest CUDA of a compiler that knows it, and of a driver that runs its code: 12000 for 12.0.</param>
internal sealed record GpuFamily(string Name, string Target, int Least)
{
    /// <summary>The target's number: 90 of sm_90a.</summary>
    public int Number => int.Parse(Target.AsSpan(3).TrimEnd('a'), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The capability that code without architecture-specific instructions is made for where none else is known.</summary>
    public const string Portable = "compute_90";

    /// <summary>Of a capability; null when there is none.</summary>
    public static GpuFamily? Of(int major, int minor) => (major, minor) switch
    {
        (9, 0) => new("Hopper", "sm_90a", 12000),
        (10, 0) => new("Blackwell", "sm_100a", 12080),
        (10, 3) => new("Blackwell Ultra", "sm_103a", 12090),
        (11, 0) => new("Thor", "sm_110", 13000),
        (12, _) => new("Blackwell without datacentre tensor cores", $"sm_12{minor}", 12080),
        _ => null,
    };

    /// <summary>Why there is none, for people.</summary>
    public static string Refusal(string name, int major, int minor) =>
        $"{name} has compute capability {major}.{minor}; kernels are made for 9.0 (H100, H200), 10.0 and 10.3 (B200, B300), "
        + "11.0 and 12.x";
}
