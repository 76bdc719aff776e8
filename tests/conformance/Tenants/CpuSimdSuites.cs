using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuSimdMemory() : MemorySuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdKvStore() : KvStoreSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdPrimitives() : PrimitivesSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdSteps() : StepsSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdBlocks() : BlocksSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdTinyModel() : TinyModelSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdPack() : PackSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdGraph() : GraphSuite(Backends.CpuSimd);

[TestClass]
public sealed class CpuSimdCollectives() : CollectivesSuite(Backends.CpuSimd);
