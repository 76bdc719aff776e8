using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CpuOracleMemory() : MemorySuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleKvStore() : KvStoreSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOraclePrimitives() : PrimitivesSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleSteps() : StepsSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleBlocks() : BlocksSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleTinyModel() : TinyModelSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOraclePack() : PackSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleGraph() : GraphSuite(TestedBackends.CpuOracle);

[TestClass]
public sealed class CpuOracleCollectives() : CollectivesSuite(TestedBackends.CpuOracle);
