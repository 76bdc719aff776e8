namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// Names the C declaration that a method, struct or enum stands for. A test compares each with the table of CANN's
/// headers, parameter by parameter, and fails on one that the table does not hold.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Struct | AttributeTargets.Enum)]
internal sealed class CEntryAttribute(string name) : Attribute
{
    /// <summary>The name in the headers.</summary>
    public string Name { get; } = name;
}
