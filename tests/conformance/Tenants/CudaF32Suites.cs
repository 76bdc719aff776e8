using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

[TestClass]
public sealed class CudaF32Memory() : MemorySuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32KvStore() : KvStoreSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Primitives() : PrimitivesSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Steps() : StepsSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Blocks() : BlocksSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32TinyModel() : TinyModelSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Pack() : PackSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Graph() : GraphSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32Collectives() : CollectivesSuite(TestedBackends.CudaF32);

[TestClass]
public sealed class CudaF32TrainedModel() : TrainedModelSuite(TestedBackends.CudaF32);
