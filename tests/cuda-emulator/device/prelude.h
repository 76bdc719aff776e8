// What clang in its CUDA mode needs to take a kernel without headers for device code: qualifiers as it spells them, and declarations of
// what a GPU brings along. Nothing here runs; the compiler checks that kernels are valid device code and writes PTX.
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __host__ __attribute__((host))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __grid_constant__
#define __restrict __restrict__

// NVRTC's -default-device: what bears no qualifier is device code.
#pragma clang force_cuda_host_device begin

using size_t = decltype(sizeof(0));

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
};
extern const __device__ uint3 threadIdx, blockIdx;
extern const __device__ dim3 blockDim, gridDim;
constexpr int warpSize = 32;

#include "shim/vectors.h"

#include "shim/math.h"

#include "shim/numbers.h"

__device__ int __syncthreads_count(int);
__device__ int __syncthreads_and(int);
__device__ int __syncthreads_or(int);
__device__ void __syncwarp(unsigned = 0xffffffff);
template <class Type>
__device__ Type __shfl_sync(unsigned, Type, int, int = 32);
template <class Type>
__device__ Type __shfl_up_sync(unsigned, Type, unsigned, int = 32);
template <class Type>
__device__ Type __shfl_down_sync(unsigned, Type, unsigned, int = 32);
template <class Type>
__device__ Type __shfl_xor_sync(unsigned, Type, int, int = 32);
__device__ unsigned __ballot_sync(unsigned, int);
__device__ int __any_sync(unsigned, int);
__device__ int __all_sync(unsigned, int);
__device__ unsigned __activemask();
template <class Type>
__device__ unsigned __match_any_sync(unsigned, Type);
__device__ void __threadfence_block();
__device__ void __threadfence();
__device__ void __threadfence_system();
__device__ void __nanosleep(unsigned);
__device__ void __trap();
#define CUDA_EMULATOR_DECLARE(name) \
    template <class Type> \
    __device__ Type name(Type *, Type);
CUDA_EMULATOR_DECLARE(atomicAdd)
CUDA_EMULATOR_DECLARE(atomicSub)
CUDA_EMULATOR_DECLARE(atomicExch)
CUDA_EMULATOR_DECLARE(atomicMin)
CUDA_EMULATOR_DECLARE(atomicMax)
CUDA_EMULATOR_DECLARE(atomicAnd)
CUDA_EMULATOR_DECLARE(atomicOr)
CUDA_EMULATOR_DECLARE(atomicXor)
#undef CUDA_EMULATOR_DECLARE
template <class Type>
__device__ Type atomicCAS(Type *, Type, Type);
template <class Type>
__device__ Type __ldg(const Type *);
template <class Type>
__device__ Type __ldcg(const Type *);
template <class Type>
__device__ void __stcg(Type *, Type);
