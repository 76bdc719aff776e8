using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Verification;

namespace Glm5.Tests.Unit.Verification;

/// <summary>A whole verification: of a backend that is right, and of one that cannot be opened.</summary>
[TestClass]
public sealed class DeviceVerificationTests
{
    [TestMethod]
    public void The_processor_agrees_with_the_oracle_in_every_check()
    {
        CheckResult[] results = Verify(new CpuBackend(CpuVoice.Simd));
        CheckResult[] failed = [.. results.Where(r => !r.Passed)];
        Assert.IsEmpty(failed, string.Join("; ", failed.Select(r => $"{r.Name}: {r.Failure}{r.NotRun}")));
        CollectionAssert.AreEqual(
            (string[])["blocks", "caches", "collectives", "memory", "primitives", "steps"],
            results.Select(r => r.Suite).Distinct().Order(StringComparer.Ordinal).ToArray());
    }

    [TestMethod]
    public void A_device_that_fails_fails_every_check_with_its_reason()
    {
        CheckResult[] results = Verify(new Broken());
        Assert.IsTrue(Array.TrueForAll(results, r => r.Failure is { } failure && failure.Contains("caught fire", StringComparison.Ordinal)));
    }

    private static CheckResult[] Verify(Backend backend)
    {
        var results = new List<CheckResult>();
        Capabilities capabilities = new CpuBackend(CpuVoice.Simd).Probe().Devices[0];
        new DeviceVerification(backend, new CpuBackend(CpuVoice.Oracle), isQuick: true).Run(capabilities, results.Add, CancellationToken.None);
        return [.. results];
    }

    private sealed class Broken : Backend
    {
        public override string Name => "broken";

        public override int Preference => 0;

        public override ProbeResult Probe() => new([], null);

        public override IReadOnlyList<IAccelerator> Open(DeviceRequest request) => throw new AcceleratorException("it caught fire");
    }
}
