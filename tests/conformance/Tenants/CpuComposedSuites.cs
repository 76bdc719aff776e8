using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuComposedMemory() : MemorySuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedKvStore() : KvStoreSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedPrimitives() : PrimitivesSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedSteps() : StepsSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedBlocks() : BlocksSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedTinyModel() : TinyModelSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedPack() : PackSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedGraph() : GraphSuite(TestedBackends.CpuComposed);

[TestClass]
public sealed class CpuComposedCollectives() : CollectivesSuite(TestedBackends.CpuComposed);
