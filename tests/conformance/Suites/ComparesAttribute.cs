namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// Names the operations of the contract that a claim compares with the reference backend. The compliance test holds all
/// steps and blocks, and so every [Fused] override of any backend, against these names.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ComparesAttribute(params string[] operations) : Attribute
{
    /// <summary>Names as in the hardware matrix.</summary>
    public IReadOnlyList<string> Operations { get; } = operations;
}
