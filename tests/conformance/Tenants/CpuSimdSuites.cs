using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuSimdMemory() : MemorySuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdKvStore() : KvStoreSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdPrimitives() : PrimitivesSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdSteps() : StepsSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdBlocks() : BlocksSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdTinyModel() : TinyModelSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdPack() : PackSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdGraph() : GraphSuite(TestedBackends.CpuSimd);

[TestClass]
public sealed class CpuSimdCollectives() : CollectivesSuite(TestedBackends.CpuSimd);
