// Hostile arguments: handles of other kinds, dead and invented ones, sizes beyond everything. Every call returns, none succeeds by
// accident, none ends the process, and the device works afterwards.
#include "harness.h"

#include <algorithm>
#include <cstdlib>
#include <random>

#include "abi/cublaslt.h"
#include "abi/nccl.h"

namespace {

/// Values that look like handles and addresses, real ones of other kinds among them.
class Hostile {
public:
    Hostile(const Scene &scene, unsigned seed) : _random(seed)
    {
        OK(cuMemAlloc_v2(&_memory, 4096));
        OK(cuMemAlloc_v2(&_freed, 4096));
        OK(cuMemFree_v2(_freed));
        _pool = {0, 3, 16, 0x1234, ~uint64_t{0}, uint64_t{1} << 40, (uint64_t{2} << 40) + 8, _memory, _memory + 4095, _freed,
            reinterpret_cast<uint64_t>(scene.context), reinterpret_cast<uint64_t>(scene.stream) + 16, uint64_t{1} << 62};
    }

    ~Hostile() { cuMemFree_v2(_memory); }
    Hostile(const Hostile &) = delete;
    Hostile &operator=(const Hostile &) = delete;

    uint64_t value() { return _random() % 4 == 0 ? _random() : _pool[_random() % _pool.size()]; }
    CUdeviceptr address() { return value(); }
    size_t size() { return _random() % 3 == 0 ? _random() % 8192 : static_cast<size_t>(value() | 1) << (_random() % 8); }
    int number() { return static_cast<int>(_random()) % (_random() % 2 == 0 ? 300 : 2000000000); }

    template <class Handle>
    Handle handle()
    {
        return reinterpret_cast<Handle>(value());
    }

private:
    std::mt19937_64 _random;
    CUdeviceptr _memory = 0, _freed = 0;
    std::vector<uint64_t> _pool;
};

/// Iterations in the long tier, as the other tests take them.
size_t soak()
{
    const char *times = std::getenv("GLM5_SOAK");
    return times != nullptr ? static_cast<size_t>(std::max(1, std::atoi(times))) : 1;
}

void *host(std::vector<char> &bytes)
{
    return bytes.data();
}

} // namespace

CASE(Invented_handles_are_refused)
{
    Scene scene;
    Program program("extern \"C\" __global__ void k(int *x) { x[0] = 1; }\n");
    Hostile any(scene, 3);
    const size_t rounds = 300 * soak();
    int out = 0;
    void *pointer = nullptr;
    size_t size = 0;
    const std::vector<std::pair<const char *, std::function<int()>>> calls = {
        {"cuCtxSetCurrent", [&] { auto c = any.handle<CUcontext>(); return c == nullptr || c == scene.context ? 1 : static_cast<int>(cuCtxSetCurrent(c)); }},
        {"cuStreamDestroy", [&] { return cuStreamDestroy_v2(any.handle<CUstream>()); }},
        {"cuEventRecord", [&] { return cuEventRecord(any.handle<CUevent>(), scene.stream); }},
        {"cuEventSynchronize", [&] { return cuEventSynchronize(any.handle<CUevent>()); }},
        {"cuGraphLaunch", [&] { return cuGraphLaunch(any.handle<CUgraphExec>(), scene.stream); }},
        {"cuGraphDestroy", [&] { return cuGraphDestroy(any.handle<CUgraph>()); }},
        {"cuModuleUnload", [&] { return cuModuleUnload(any.handle<CUmodule>()); }},
        {"cuModuleGetFunction", [&] { return cuModuleGetFunction(reinterpret_cast<CUfunction *>(&pointer), any.handle<CUmodule>(), "k"); }},
        {"cuModuleLoadData", [&] { return cuModuleLoadData(reinterpret_cast<CUmodule *>(&pointer), any.handle<void *>()); }},
        {"cuLaunchKernel", [&] { return launch(any.handle<CUfunction>(), 1, 1, 0, scene.stream, 0ull); }},
        {"parameters", [&] { return cuLaunchKernel(program["k"], 1, 1, 1, 1, 1, 1, 0, scene.stream, reinterpret_cast<void **>(any.value() | 1), nullptr); }},
        {"cuFuncGetAttribute", [&] { return cuFuncGetAttribute(&out, static_cast<CUfunction_attribute>(any.number()), any.handle<CUfunction>()); }},
        {"cuDeviceGetAttribute", [&] { return cuDeviceGetAttribute(&out, any.number(), 1000 + (any.number() & 0xFFFF)); }},
        {"cuDeviceGetName", [&] { return cuDeviceGetName(reinterpret_cast<char *>(&out), -std::abs(any.number() | 1), 0); }},
        {"cuMemFree", [&] { return cuMemFree_v2(any.address() | 1); }},
        {"cuMemFreeHost", [&] { return cuMemFreeHost(any.handle<void *>()); }},
        {"cuMemHostUnregister", [&] { return cuMemHostUnregister(any.handle<void *>()); }},
        {"cuMemPoolTrimTo", [&] { return cuMemPoolTrimTo(any.handle<CUmemoryPool>(), 0); }},
        {"nvrtcGetPTXSize", [&] { return nvrtcGetPTXSize(any.handle<nvrtcProgram>(), &size); }},
        {"ncclCommDestroy", [&] { return ncclCommDestroy(any.handle<ncclComm_t>()); }},
        {"ncclAllReduce", [&] { return ncclAllReduce(any.handle<void *>(), any.handle<void *>(), any.size(), any.number(), any.number(), any.handle<ncclComm_t>(), scene.stream); }},
        {"cublasLtDestroy", [&] { return cublasLtDestroy(any.handle<cublasLtHandle_t>()); }},
        {"cublasLtMatrixLayoutDestroy", [&] { return cublasLtMatrixLayoutDestroy(any.handle<cublasLtMatrixLayout_t>()); }},
    };
    for (size_t round = 0; round < rounds; round++) {
        for (const auto &call : calls) {
            if (call.second() == 0) {
                throw Failure(std::string(call.first) + " took an invented handle");
            }
        }
    }
    Buffer<int> x(size_t{1});
    OK(run(program["k"], 1, 1, 0, scene.stream, x.address));
}

CASE(Copies_and_sets_of_any_place_and_size_return)
{
    Scene scene;
    Hostile any(scene, 5);
    std::vector<char> bytes(1 << 16);
    const size_t rounds = 2000 * soak();
    for (size_t round = 0; round < rounds; round++) {
        const size_t count = any.size();
        const bool safe = count <= bytes.size();
        cuMemcpyDtoDAsync_v2(any.address(), any.address(), count, scene.stream);
        cuMemsetD32Async(any.address(), 1, count, scene.stream);
        cuMemsetD8_v2(any.address(), 1, count);
        if (safe) {
            cuMemcpyHtoD_v2(any.address(), host(bytes), count);
            cuMemcpyDtoHAsync_v2(host(bytes), any.address(), count, scene.stream);
        }
        cuMemcpyHtoD_v2(any.address(), any.handle<void *>(), count);
        CUdeviceptr huge = 0;
        EXPECT(cuMemAlloc_v2(&huge, (any.size() | size_t{1} << 50)) == CUDA_ERROR_OUT_OF_MEMORY);
    }
    cuStreamSynchronize(scene.stream);
    control("heal");
    Buffer<int> x(std::vector<int>(4, 7));
    EXPECT(x.read()[3] == 7);
}

CASE(Matrices_of_any_shape_return)
{
    Scene scene;
    std::mt19937_64 random(11);
    cublasLtHandle_t handle = nullptr;
    cublasLtMatmulDesc_t desc = nullptr;
    OK(cublasLtCreate(&handle));
    OK(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    Buffer<float> memory(size_t{4096});
    const float one = 1;
    const auto dimension = [&] { return random() % 3 == 0 ? random() : random() % 40; };
    const int types[] = {CUDA_R_32F, CUDA_R_16BF, CUDA_R_16F, CUDA_R_8F_E4M3, 77};
    for (size_t round = 0; round < 3000 * soak(); round++) {
        cublasLtMatrixLayout_t layouts[3];
        for (cublasLtMatrixLayout_t &layout : layouts) {
            OK(cublasLtMatrixLayoutCreate(&layout, types[random() % 5], dimension(), dimension(), static_cast<int64_t>(dimension())));
            const int32_t batches = static_cast<int32_t>(random() % 4);
            const auto stride = static_cast<int64_t>(dimension());
            OK(cublasLtMatrixLayoutSetAttribute(layout, 5, &batches, 4));
            OK(cublasLtMatrixLayoutSetAttribute(layout, 6, &stride, 8));
        }
        void *at = reinterpret_cast<void *>(static_cast<uintptr_t>(memory.address + random() % 5000));
        cublasLtMatmul(handle, desc, &one, at, layouts[0], at, layouts[1], &one, at, layouts[2], at, layouts[2], nullptr, nullptr, random() % 2 * 64,
            scene.stream);
        for (cublasLtMatrixLayout_t layout : layouts) {
            OK(cublasLtMatrixLayoutDestroy(layout));
        }
    }
    OK(cuStreamSynchronize(scene.stream));
    OK(cublasLtMatmulDescDestroy(desc));
    OK(cublasLtDestroy(handle));
}
