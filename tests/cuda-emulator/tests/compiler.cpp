// NVRTC, images, modules and the limits of a launch.
#include "harness.h"

namespace {

const char *const kPlain = "extern \"C\" __global__ void __launch_bounds__(64) k(int *x) { x[threadIdx.x] = 1; }\n";

std::string log_of(const std::string &source, std::vector<const char *> options = {"--gpu-architecture=sm_90"})
{
    try {
        compile(source, options);
    } catch (const Failure &failure) {
        return failure.what();
    }
    return "";
}

} // namespace

CASE(Errors_name_file_and_line)
{
    EXPECT(log_of("\n\nextern \"C\" __global__ void k(int *x) { x[0] = nothing; }\n").find("test.cu:3") != std::string::npos);
    const std::string assembly = "extern \"C\" __global__ void k(float *x)\n{\n    asm volatile(\"wgmma.fence.sync.aligned;\");\n}\n";
    EXPECT(log_of(assembly).find("test.cu(3): error: inline PTX") != std::string::npos);
    EXPECT(log_of("#include <cuda_bf16.h>\n").find("cuda_bf16.h") != std::string::npos);
    const std::string huge = "extern \"C\" __global__ void huge(int *x) { __shared__ int a[8192]; __shared__ int b[8192]; a[0] = b[0] = 2; x[0] = a[0]; }\n";
    EXPECT(log_of(huge).find("Entry function 'huge' uses too much shared data (0x10000 bytes, 0xc000 max)") != std::string::npos);
    EXPECT(log_of("__shared__ int x = 5;\n").find("cannot be initialised") != std::string::npos);
    EXPECT(log_of(kPlain, {"--gpu-architecture=sm_91"}).find("invalid value for --gpu-architecture") != std::string::npos);
    EXPECT(log_of(kPlain, {"--what-is-this"}).find("unrecognized option --what-is-this") != std::string::npos);
    EXPECT(log_of(kPlain, {"--gpu-architecture=sm_90a", "--std=c++17", "-default-device", "-DN=4", "--ptxas-options=-v", "-lineinfo"}).empty());
}

CASE(Names_macros_headers_and_variables)
{
    Scene scene;
    nvrtcProgram program = nullptr;
    const char *source = R"(
#include "numbers.h"
__device__ int total;
__constant__ int table[4] = {1, 2, 3, 4};
namespace deep { template <int N> __global__ void fill(int *x) { x[threadIdx.x] = N + FACTOR * table[threadIdx.x] + __CUDA_ARCH__; } }
namespace { struct Pair { int a; long long b; }; }
extern "C" __global__ void sum(Pair pair, int *x) { atomicAdd(&total, pair.a); x[0] = total + (int)pair.b; }
__shared__ int everywhere[32];
extern "C" __global__ void turn(int *x) { everywhere[threadIdx.x] = threadIdx.x; __syncthreads(); x[threadIdx.x] = everywhere[31 - threadIdx.x]; }
)";
    const char *headers[] = {"#define FACTOR 10\n"}, *names[] = {"numbers.h"};
    OK(nvrtcCreateProgram(&program, source, nullptr, 1, headers, names));
    OK(nvrtcAddNameExpression(program, "deep::fill<7>"));
    int major = 9;
    OK(cuDeviceGetAttribute(&major, 75, 0));
    const char *options[] = {major == 10 ? "-arch=sm_100" : "-arch=sm_90"};
    OK(nvrtcCompileProgram(program, 1, options));
    size_t size = 0;
    OK(nvrtcGetCUBINSize(program, &size));
    std::string cubin(size, 0);
    OK(nvrtcGetCUBIN(program, &cubin[0]));
    const char *lowered = nullptr;
    OK(nvrtcGetLoweredName(program, "deep::fill<7>", &lowered));
    EXPECT(std::string(lowered) == "_ZN4deep4fillILi7EEEvPi");
    CUmodule module = nullptr;
    OK(cuModuleLoadData(&module, cubin.data()));
    CUfunction fill = nullptr, sum = nullptr, turn = nullptr;
    OK(cuModuleGetFunction(&fill, module, lowered));
    OK(cuModuleGetFunction(&sum, module, "sum"));
    OK(cuModuleGetFunction(&turn, module, "turn"));
    EXPECT_CODE(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&sum, module, "no such kernel"));
    OK(cuModuleGetFunction(&sum, module, "sum"));
    Buffer<int> x(std::vector<int>(32, 0));
    OK(run(fill, 1, 4, 0, scene.stream, x.address));
    EXPECT(x.read()[2] == 7 + 30 + major * 100);
    struct {
        int a = 5;
        long long b = 100;
    } pair;
    OK(run(sum, 1, 1, 0, scene.stream, pair, x.address));
    EXPECT(x.read()[0] == 105);
    CUdeviceptr total = 0;
    OK(cuModuleGetGlobal_v2(&total, &size, module, "total"));
    int value = 0;
    OK(cuMemcpyDtoH_v2(&value, total, sizeof(value)));
    EXPECT(value == 5);
    OK(run(turn, 1, 32, 0, scene.stream, x.address));
    EXPECT(x.read()[4] == 27);
    OK(cuModuleUnload(module));
    EXPECT_CODE(CUDA_ERROR_INVALID_HANDLE, run(turn, 1, 32, 0, scene.stream, x.address));
    OK(nvrtcDestroyProgram(&program));
    EXPECT(program == nullptr);
    EXPECT_CODE(NVRTC_ERROR_INVALID_PROGRAM, nvrtcCompileProgram(program, 0, nullptr));
}

CASE(Images_for_other_cards_and_damaged_ones_are_refused)
{
    Scene scene;
    CUmodule module = nullptr;
    std::string cubin = compile(kPlain);
    EXPECT_CODE(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&module, compile(kPlain, {"-arch=sm_80"}).data()));
    EXPECT_CODE(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&module, "\x7f" "ELF and more of a real cubin"));
    EXPECT_CODE(CUDA_ERROR_INVALID_PTX, cuModuleLoadData(&module, ".version 8.0\n.target sm_90\n.entry k() { ret; }\n"));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuModuleLoadData(&module, nullptr));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuModuleLoadData(&module, reinterpret_cast<void *>(0x1234)));
    cubin[cubin.size() / 2] = static_cast<char>(cubin[cubin.size() / 2] ^ 1);
    EXPECT_CODE(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&module, cubin.data()));
    cubin.resize(100);
    cubin.resize(4096);
    EXPECT_CODE(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&module, cubin.data()));
}

CASE(Ptx_runs_on_newer_cards)
{
    Scene scene;
    nvrtcProgram program = nullptr;
    OK(nvrtcCreateProgram(&program, kPlain, "k.cu", 0, nullptr, nullptr));
    const char *options[] = {"--gpu-architecture=compute_80"};
    OK(nvrtcCompileProgram(program, 1, options));
    size_t size = 1;
    OK(nvrtcGetCUBINSize(program, &size));
    EXPECT(size == 0);
    OK(nvrtcGetPTXSize(program, &size));
    std::string ptx(size, 'x');
    OK(nvrtcGetPTX(program, &ptx[0]));
    EXPECT(ptx.back() == 0 && ptx.rfind(".version", 0) == 0);
    CUmodule module = nullptr;
    OK(cuModuleLoadDataEx(&module, ptx.data(), 0, nullptr, nullptr));
    OK(cuModuleUnload(module));
    OK(nvrtcDestroyProgram(&program));
}

CASE(Launches_keep_their_limits)
{
    Scene scene;
    Program program(std::string(kPlain) + "extern \"C\" __global__ void big(int *x) { extern __shared__ int s[]; s[threadIdx.x] = 1; x[0] = s[0]; }\n"
        "extern \"C\" __global__ void fixed(int *x) { __shared__ int a[1024]; __shared__ char b[100]; a[0] = b[0] = 1; x[0] = a[0]; }\n");
    Buffer<int> x(std::vector<int>(64, 0));
    CUfunction k = program["k"], big = program["big"];
    int value = 0;
    OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, k));
    EXPECT(value == 64);
    OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, program["fixed"]));
    EXPECT(value == 4196);
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, run(k, 1, 65, 0, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, run(k, 0, 64, 0, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, run(big, 1, 1025, 0, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, run(big, 1, 64, 48 * 1024 + 4, scene.stream, x.address));
    OK(cuFuncSetAttribute(big, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 227 * 1024));
    OK(run(big, 1, 64, 227 * 1024, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(big, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 228 * 1024));
    EXPECT_CODE(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(k, 1, 1, 1, 1, 1, 1, 0, scene.stream, nullptr, nullptr));
    OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&value, big, 256, 100 << 10));
    EXPECT(value == 2);
    // Pointers that no kernel could use: host memory that is not page-locked, and freed memory.
    std::vector<int> host(64);
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(k, 1, 64, 0, scene.stream, host.data()));
    CUdeviceptr freed = 0;
    OK(cuMemAlloc_v2(&freed, 256));
    OK(cuMemFree_v2(freed));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(k, 1, 64, 0, scene.stream, freed));
    EXPECT(says("freed"));
}
