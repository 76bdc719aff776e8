using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CudaBf16Memory() : MemorySuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16KvStore() : KvStoreSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Primitives() : PrimitivesSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Steps() : StepsSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Blocks() : BlocksSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16TinyModel() : TinyModelSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Pack() : PackSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Graph() : GraphSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16Collectives() : CollectivesSuite(TestedBackends.CudaBf16);

[TestClass]
public sealed class CudaBf16TrainedModel() : TrainedModelSuite(TestedBackends.CudaBf16);
