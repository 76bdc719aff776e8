using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuComposedMemory() : MemorySuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedKvStore() : KvStoreSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedPrimitives() : PrimitivesSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedSteps() : StepsSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedBlocks() : BlocksSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedTinyModel() : TinyModelSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedPack() : PackSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedGraph() : GraphSuite(Backends.CpuComposed);

[TestClass]
public sealed class CpuComposedCollectives() : CollectivesSuite(Backends.CpuComposed);
