using System.Collections.Concurrent;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Matrix;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// A set of claims that every backend has to meet. A backend derives each suite once, naming itself; the compliance test
/// fails when one is missing. Outcomes are counted for the conformance record.
/// </summary>
public abstract class ConformanceSuite(Tenant tenant)
{
    private static readonly ConcurrentDictionary<(string Tenant, string Suite), SuiteResult> s_results = new();

    /// <summary>MSTest's view of the running test.</summary>
    public TestContext TestContext { get; set; } = null!;

    /// <summary>The backend under test.</summary>
    protected Tenant Tenant { get; } = tenant;

    /// <summary>The suites' outcomes so far, for a tenant.</summary>
    internal static SortedDictionary<string, SuiteResult> ResultsOf(Tenant tenant) => new(
        s_results.Where(r => r.Key.Tenant == tenant.Name).ToDictionary(r => r.Key.Suite, r => r.Value),
        StringComparer.Ordinal);

    /// <summary>Ends a test whose values are known in F32 alone, where the tenant computes in something else.</summary>
    protected void NeedsF32()
    {
        if (Tenant.Arithmetic != Arithmetic.F32)
            Assert.Inconclusive($"not run: its values are of F32 arithmetic, {Tenant.Name} computes in {Tenant.Arithmetic.Name} and is held to the reference by other tests");
    }

    /// <summary>Ends a test whose shape takes the tenant longer than this tier of tests allows.</summary>
    protected void NeedsTimeFor(LayerShape shape)
    {
        bool isSlow = shape.Weights is ElementType.F8E4M3 or ElementType.I8 && shape.Hidden > 1024;
        if (isSlow && Tenant.Missing() is null && Tenant.Hurry is { } why)
            Assert.Inconclusive($"not run: {why}");
    }

    /// <summary>Opens one rank with an arena of the given size.</summary>
    protected IAccelerator OpenOne(long arenaBytes = 64 << 20) => Tenant.Open(1, arenaBytes)[0];

    /// <summary>Counts the outcome.</summary>
    [TestCleanup]
    public void Count()
    {
        string suite = GetType().BaseType!.Name;
        bool passed = TestContext.CurrentTestOutcome == UnitTestOutcome.Passed;
        bool notRun = TestContext.CurrentTestOutcome is UnitTestOutcome.Inconclusive or UnitTestOutcome.NotRunnable;
        s_results.AddOrUpdate(
            (Tenant.Name, suite),
            _ => new SuiteResult(passed ? 1 : 0, passed || notRun ? 0 : 1, notRun ? 1 : 0),
            (_, r) => new SuiteResult(r.Passed + (passed ? 1 : 0), r.Failed + (passed || notRun ? 0 : 1), r.NotRun + (notRun ? 1 : 0)));
    }
}
