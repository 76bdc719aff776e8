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

    /// <summary>What it computes in: how far it may be from the reference.</summary>
    public Arithmetic Arithmetic { get; init; } = Arithmetic.F32;

    /// <summary>Folder of its sources, relative to the repository's root.</summary>
    public required string Sources { get; init; }

    /// <summary>Opens a group of ranks with arenas of the given size, where nothing is missing.</summary>
    public required Func<int, long, IReadOnlyList<IAccelerator>> OpenRanks { get; init; }

    /// <summary>What is true of it wherever it runs, for the matrix; null: what the machine at hand says.</summary>
    public Capabilities? Declared { get; init; }

    /// <summary>Why it cannot be opened on this machine; null when it can. Its tests then report that they did not run.</summary>
    public Func<string?> Missing { get; init; } = () => null;

    /// <summary>
    /// Why quantised weights at GLM-5's shapes wait for a longer tier of tests; null when they run now.
    /// </summary>
    public string? Hurry { get; init; }

    /// <summary>Whether it is listed in the hardware matrix; a second configuration of the same backend is not.</summary>
    public bool InMatrix { get; init; } = true;

    /// <summary>Opens one rank for a layer's runs.</summary>
    public IAccelerator OpenLayer() => Open(1, LayerRuns.ArenaBytes)[0];

    /// <summary>Opens a group of ranks with arenas of the given size; where that cannot be, the test did not run.</summary>
    public IReadOnlyList<IAccelerator> Open(int ranks, long arenaBytes)
    {
        if (Missing() is { } why)
            Assert.Inconclusive($"not run: {why}");
        return OpenRanks(ranks, arenaBytes);
    }
}
