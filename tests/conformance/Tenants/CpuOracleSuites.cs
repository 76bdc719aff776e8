using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuOracleMemory() : MemorySuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleKvStore() : KvStoreSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOraclePrimitives() : PrimitivesSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleSteps() : StepsSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleBlocks() : BlocksSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleTinyModel() : TinyModelSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOraclePack() : PackSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleGraph() : GraphSuite(Backends.CpuOracle);

[TestClass]
public sealed class CpuOracleCollectives() : CollectivesSuite(Backends.CpuOracle);
