using System.Reflection;
using Glm5.Tests.Conformance.Suites;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance;

/// <summary>Every backend derives every suite. An exemption is a type and a reason, here and nowhere else.</summary>
[TestClass]
public sealed class ComplianceTests
{
    private static readonly Dictionary<(string Tenant, Type Suite), string> s_exemptions = [];

    [TestMethod]
    public void Every_backend_derives_every_suite()
    {
        Type[] types = typeof(ConformanceSuite).Assembly.GetTypes();
        Type[] suites = [.. types.Where(t => t.IsAbstract && t.BaseType == typeof(ConformanceSuite))];
        Assert.IsGreaterThanOrEqualTo(8, suites.Length);
        var missing = new List<string>();
        foreach (Tenant tenant in TestedBackends.All)
        {
            foreach (Type suite in suites)
            {
                bool derived = types.Any(t => t.BaseType == suite && t.Name.StartsWith(tenant.TestPrefix, StringComparison.Ordinal)
                    && t.IsDefined(typeof(TestClassAttribute), inherit: false));
                if (!derived && !s_exemptions.ContainsKey((tenant.Name, suite)))
                    missing.Add($"{tenant.Name} has no {suite.Name}");
            }
        }

        Assert.IsEmpty(missing, string.Join("; ", missing));
    }

    [TestMethod]
    public void Every_exemption_has_a_reason()
    {
        foreach ((_, string reason) in s_exemptions)
            Assert.IsGreaterThan(20, reason.Length);
        Assert.IsLessThanOrEqualTo(TestedBackends.All.Count, s_exemptions.Count);
    }

    [TestMethod]
    public void Every_step_and_block_that_could_be_fused_is_compared_with_the_reference()
    {
        string[] compared = [.. typeof(ConformanceSuite).Assembly.GetTypes().SelectMany(t => t.GetMethods())
            .SelectMany(m => m.GetCustomAttributes<ComparesAttribute>(inherit: false)).SelectMany(c => c.Operations).Distinct()];
        string[] operations =
        [
            .. Matrix.HardwareMatrix.Operations(typeof(Core.Accelerator.StepOps)),
            .. Matrix.HardwareMatrix.Operations(typeof(Core.Accelerator.BlockOps)),
        ];
        CollectionAssert.AreEquivalent(operations, compared);
    }

    [TestMethod]
    public void Every_operation_of_the_contract_is_in_the_matrix()
    {
        string matrix = File.ReadAllText(Path.Combine(Repository.Root, "hardware-matrix.md"));
        foreach (Type level in (Type[])[typeof(Core.Accelerator.PrimitiveOps), typeof(Core.Accelerator.StepOps), typeof(Core.Accelerator.BlockOps)])
        {
            foreach (string operation in Matrix.HardwareMatrix.Operations(level))
                Assert.Contains($"| {operation} |", matrix);
        }
    }
}
