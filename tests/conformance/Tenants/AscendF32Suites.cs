using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class AscendF32Memory() : MemorySuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32KvStore() : KvStoreSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Primitives() : PrimitivesSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Steps() : StepsSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Blocks() : BlocksSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32TinyModel() : TinyModelSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Pack() : PackSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Graph() : GraphSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32Collectives() : CollectivesSuite(TestedBackends.AscendF32);

[TestClass]
public sealed class AscendF32TrainedModel() : TrainedModelSuite(TestedBackends.AscendF32);
