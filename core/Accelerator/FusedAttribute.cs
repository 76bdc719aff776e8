namespace Glm5.Core.Accelerator;

/// <summary>
/// Marks an override of a step or block by a kernel of its own. The hardware matrix finds it by reflection, with no device
/// present; that every step and block is compared with the reference is a test's business (<c>Compares</c>).
/// </summary>
/// <param name="kernel">The kernel's name, as its library or source file has it.</param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class FusedAttribute(string kernel) : Attribute
{
    /// <summary>The kernel's name.</summary>
    public string Kernel { get; } = kernel;

    /// <summary>The condition under which it is used; otherwise the composed body runs. Empty: always.</summary>
    public string When { get; init; } = "";
}
