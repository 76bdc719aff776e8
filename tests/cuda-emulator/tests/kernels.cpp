// Kernels: what the shim gives them, and what the emulator finds in them.
#include "harness.h"

#include <cmath>

namespace {

const char *const kBasics = R"(
extern "C" __global__ void __launch_bounds__(256) scale(const float *x, float *y, float factor, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = factor * x[i];
}
template <int Width>
__device__ __forceinline__ float warp_sum(float v)
{
#pragma unroll
    for (int offset = Width / 2; offset > 0; offset >>= 1) v += __shfl_xor_sync(0xffffffffu, v, offset);
    return v;
}
extern "C" __global__ void sum(const float *x, float *out, int n)
{
    __shared__ float partial[32];
    float v = 0.0f;
    for (int i = threadIdx.x; i < n; i += blockDim.x) v += x[i];
    v = warp_sum<32>(v);
    if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = v;
    __syncthreads();
    if (threadIdx.x < 32) {
        v = threadIdx.x < (blockDim.x >> 5) ? partial[threadIdx.x] : 0.0f;
        v = warp_sum<32>(v);
        if (threadIdx.x == 0) out[blockIdx.x] = v;
    }
}
extern "C" __global__ void reverse(const int *x, int *y)
{
    extern __shared__ int4 storage[];
    int *tile = reinterpret_cast<int *>(storage);
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}
extern "C" __global__ void count(unsigned *counters, int n)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&counters[i % 7], 1u);
}
)";

const char *const kFaulty = R"(
extern "C" __global__ void past_end(float *x, int n) { x[n + threadIdx.x] = 1.0f; }
extern "C" __global__ void just_past_end(float *x, int n) { if (threadIdx.x == 0) x[n] = 1.0f; }
extern "C" __global__ void misaligned(float *x) { *reinterpret_cast<float4 *>(x + 1) = make_float4(1, 2, 3, 4); }
extern "C" __global__ void some_return(float *x)
{
    if (threadIdx.x >= 48) return;
    __syncthreads();
    x[threadIdx.x] = 1.0f;
}
extern "C" __global__ void two_barriers(float *x)
{
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        x[threadIdx.x] = 2.0f;
        __syncthreads();
    }
}
extern "C" __global__ void shared_past_end(float *x)
{
    __shared__ float tile[32];
    tile[threadIdx.x + (threadIdx.x == 31 ? 1 : 0)] = x[0];
    __syncthreads();
    x[threadIdx.x] = tile[0];
}
extern "C" __global__ void stale(float *x)
{
    __shared__ float tile[64];
    x[threadIdx.x] = tile[threadIdx.x];
}
extern "C" __global__ void race(float *x)
{
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = tile[(threadIdx.x + 1) & 63];
}
extern "C" __global__ void half_warp(int *x)
{
    if (threadIdx.x < 16) x[threadIdx.x] = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x), 0);
    else __syncthreads();
}
extern "C" __global__ void wrong_mask(int *x) { x[threadIdx.x] = __shfl_sync(0x0000ffffu, 1, 0); }
extern "C" __global__ void endless(volatile int *x) { while (x[0] == 0) { } }
extern "C" __global__ void asserts(int *x) { assert(x[0] == 5); }
extern "C" __global__ void divides(int *x) { x[1] = 7 / x[0]; }
extern "C" __global__ void deep(int *x, int n)
{
    volatile int local[20000];
    for (int i = 0; i < n; i++) local[i] = i;
    x[0] = local[n - 1];
}
)";

} // namespace

CASE(Kernels_compute)
{
    Scene scene;
    Program program(kBasics);
    std::vector<float> x(1000);
    float expected = 0;
    for (size_t i = 0; i < x.size(); i++) {
        x[i] = static_cast<float>(i) * 0.5f - 100;
        expected += x[i];
    }
    Buffer<float> in(x), out(x.size()), total(size_t{3});
    OK(run(program["scale"], 4, 256, 0, scene.stream, in.address, out.address, 3.0f, 1000));
    const std::vector<float> y = out.read();
    for (size_t i = 0; i < x.size(); i++) {
        EXPECT(y[i] == 3.0f * x[i]);
    }
    OK(run(program["sum"], 3, 256, 0, scene.stream, in.address, total.address, 1000));
    for (const float sum : total.read()) {
        EXPECT(std::fabs(sum - expected) < 1e-1f);
    }
}

CASE(Dynamic_shared_memory_and_every_order_give_the_same)
{
    Scene scene;
    Program program(kBasics);
    std::vector<int> x(512);
    for (int i = 0; i < 512; i++) {
        x[static_cast<size_t>(i)] = i;
    }
    Buffer<int> in(x), out(x.size());
    for (const char *order : {"order=ascending", "order=descending", "order=random:7", "check=1"}) {
        control(order);
        OK(cuMemsetD32_v2(out.address, 0, 512));
        Program again(kBasics);
        OK(run(again["reverse"], 1, 512, 512 * 4, scene.stream, in.address, out.address));
        const std::vector<int> y = out.read();
        for (int i = 0; i < 512; i++) {
            EXPECT(y[static_cast<size_t>(i)] == 511 - i);
        }
    }
}

CASE(Blocks_share_atomics)
{
    Scene scene;
    Program program(kBasics);
    Buffer<unsigned> counters(std::vector<unsigned>(7, 0));
    OK(run(program["count"], 20, 128, 0, scene.stream, counters.address, 70000));
    for (const unsigned value : counters.read()) {
        EXPECT(value == 10000);
    }
}

CASE(Accesses_outside_of_allocations_are_illegal)
{
    Scene scene;
    Program program(kFaulty);
    Buffer<float> x(size_t{1000});
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(program["past_end"], 1, 256, 0, scene.stream, x.address, 1000));
    EXPECT(says("past the end of a 4000-byte allocation"));
    // The last 96 bytes of the page belong to nobody: the border is looked at after the kernel.
    Buffer<float> y(size_t{1000});
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(program["just_past_end"], 1, 32, 0, scene.stream, y.address, 1000));
    EXPECT(says("byte 4000 of the 4000-byte allocation"));
}

CASE(Misaligned_vectors_are_refused)
{
    Scene scene;
    Program program(kFaulty);
    Buffer<float> x(size_t{64});
    EXPECT_CODE(CUDA_ERROR_MISALIGNED_ADDRESS, run(program["misaligned"], 1, 1, 0, scene.stream, x.address));
}

CASE(Barrier_divergence_is_found)
{
    Scene scene;
    Program program(kFaulty);
    Buffer<float> x(size_t{64});
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["some_return"], 1, 64, 0, scene.stream, x.address));
    EXPECT(says("of 64 threads 16 have returned, 48 wait in __syncthreads at line 8"));
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["two_barriers"], 1, 64, 0, scene.stream, x.address));
    EXPECT(says("barrier divergence"));
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["half_warp"], 1, 32, 0, scene.stream, x.address));
    EXPECT(says("mask 0xffffffff"));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_INSTRUCTION, run(program["wrong_mask"], 1, 32, 0, scene.stream, x.address));
}

CASE(Shared_memory_is_poisoned_and_fenced)
{
    Scene scene;
    Program program(kFaulty);
    Buffer<float> x(std::vector<float>(64, 1.0f));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(program["shared_past_end"], 1, 32, 0, scene.stream, x.address));
    EXPECT(says("past the end of the shared variable tile"));
    OK(run(program["stale"], 1, 64, 0, scene.stream, x.address));
    EXPECT(std::isnan(x.read()[5]));
}

CASE(Races_in_shared_memory_are_found)
{
    Scene scene;
    control("check=1");
    Program program(kFaulty);
    Buffer<float> x(std::vector<float>(64, 1.0f));
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["race"], 1, 64, 0, scene.stream, x.address));
    EXPECT(says("race in tile"));
    EXPECT(says("test.cu:35"));
    EXPECT_CODE(CUDA_ERROR_ILLEGAL_ADDRESS, run(program["just_past_end"], 1, 32, 0, scene.stream, x.address, 64));
    EXPECT(says("write of 4 bytes"));
}

CASE(Programs_that_hang_fail_or_divide_by_zero_end)
{
    Scene scene;
    Program program(kFaulty);
    Buffer<int> x(std::vector<int>(64, 0));
    control("watchdog-ms=100");
    EXPECT_CODE(CUDA_ERROR_LAUNCH_TIMEOUT, run(program["endless"], 1, 1, 0, scene.stream, x.address));
    control("watchdog-ms=60000");
    EXPECT_CODE(CUDA_ERROR_ASSERT, run(program["asserts"], 1, 32, 0, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["divides"], 1, 32, 0, scene.stream, x.address));
    EXPECT_CODE(CUDA_ERROR_LAUNCH_FAILED, run(program["deep"], 1, 1, 0, scene.stream, x.address, 20000));
    OK(cuMemsetD32_v2(x.address, 1, 64));
    OK(run(program["divides"], 1, 32, 0, scene.stream, x.address));
    EXPECT(x.read()[1] == 7);
}
