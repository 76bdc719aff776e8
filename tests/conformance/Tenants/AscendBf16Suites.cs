using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class AscendBf16Memory() : MemorySuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16KvStore() : KvStoreSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Primitives() : PrimitivesSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Steps() : StepsSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Blocks() : BlocksSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16TinyModel() : TinyModelSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Pack() : PackSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Graph() : GraphSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16Collectives() : CollectivesSuite(TestedBackends.AscendBf16);

[TestClass]
public sealed class AscendBf16TrainedModel() : TrainedModelSuite(TestedBackends.AscendBf16);
