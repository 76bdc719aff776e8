namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// The C function that a method binds, as the library exports it. Tests hold parameters against the headers by it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CEntryAttribute(string name) : Attribute
{
    /// <summary>The exported name, its version suffix included.</summary>
    public string Name { get; } = name;
}
