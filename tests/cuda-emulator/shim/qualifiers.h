// Declaration qualifiers and built-in variables of the CUDA C++ programming guide, "C++ language extensions".
#define __global__ __attribute__((visibility("default"), used))
#define __device__ __attribute__((visibility("default"))) // the module's variables are found by name
#define __host__
#define __constant__ __attribute__((visibility("default")))
#define __managed__
#define __grid_constant__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __restrict __restrict__
#define __builtin_align__(bytes) __align__(bytes)

using size_t = decltype(sizeof(0));
using ptrdiff_t = decltype(static_cast<char *>(nullptr) - static_cast<char *>(nullptr));
using cudaError_t = int;

extern "C" {
/// Set by the emulator when it loads the module.
__attribute__((visibility("default"))) const cuda_emulator::Runtime *cuda_emulator_runtime = nullptr;
}

namespace cuda_emulator {

/// The thread whose stack this is.
__attribute__((always_inline)) inline Thread *current()
{
    return reinterpret_cast<Thread *>(reinterpret_cast<unsigned long long>(__builtin_frame_address(0)) & ~(kStackBytes - 1));
}

} // namespace cuda_emulator

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};

#define threadIdx (::cuda_emulator::current()->threadIndex)
#define blockIdx (::cuda_emulator::current()->blockIndex)
#define blockDim (::cuda_emulator::current()->blockSize)
#define gridDim (::cuda_emulator::current()->gridSize)
constexpr int warpSize = 32;
