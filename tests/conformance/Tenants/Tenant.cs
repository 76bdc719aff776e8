using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>A backend as the suites see it.</summary>
public sealed record Tenant
{
    /// <summary>Name in test output and records.</summary>
    public required string Name { get; init; }

    /// <summary>How the names of its derived suites begin.</summary>
    public required string TestPrefix { get; init; }

    /// <summary>The type of its operations: read for [Fused] by the hardware matrix, with no device present.</summary>
    public required Type Ops { get; init; }

    /// <summary>Folder of its sources, relative to the repository's root.</summary>
    public required string Sources { get; init; }

    /// <summary>Opens a group of ranks with arenas of the given size.</summary>
    public required Func<int, long, IReadOnlyList<IAccelerator>> Open { get; init; }

    /// <summary>Whether it is listed in the hardware matrix; a second configuration of the same backend is not.</summary>
    public bool InMatrix { get; init; } = true;
}
