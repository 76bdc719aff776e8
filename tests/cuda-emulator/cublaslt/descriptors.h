#pragma once
#include <map>

#include "abi/cublaslt.h"
#include "core/device.h"
#include "core/enter.h"
#include "core/handles.h"

namespace emu {

/// Codes of cuBLAS pass; what the driver below refused becomes the code that the documentation gives for it.
template <class Body>
cublasStatus_t enter_blas(const char *function, Body body) noexcept
{
    const int code = enter(function, body);
    switch (code) {
    case CUDA_ERROR_OUT_OF_MEMORY:
        return CUBLAS_STATUS_ALLOC_FAILED;
    default:
        return static_cast<cublasStatus_t>(code <= CUBLAS_STATUS_LICENSE_ERROR ? code : static_cast<int>(CUBLAS_STATUS_EXECUTION_FAILED));
    }
}

void require_value(const void *pointer, const char *name);

/// The current context; what the driver refuses there has codes of its own here.
std::shared_ptr<Context> blas_context();

struct LightHandle {
    int device;
};

struct MatmulDesc {
    int computeType = CUBLAS_COMPUTE_32F;
    int scaleType = CUDA_R_32F;
    std::map<int, uint64_t> attributes; ///< as they were set, 4 or 8 bytes

    uint64_t get(int attribute) const;
};

struct Layout {
    int type = 0;
    int order = 0; ///< column by column 0, row by row 1
    uint64_t rows = 0, columns = 0;
    int64_t ld = 0;
    int batches = 1;
    int64_t stride = 0; ///< elements between the matrices of a batch
};

struct Preference {
    uint64_t workspace = 0;
    uint32_t alignment[4] = {256, 256, 256, 256}; ///< of A, B, C and D
};

Handles<LightHandle> &light_handles();
Handles<MatmulDesc> &matmul_descs();
Handles<Layout> &layouts();
Handles<Preference> &preferences();

constexpr int kTransA = 3, kTransB = 4, kTransC = 5, kPointerMode = 2, kEpilogue = 7, kBiasPointer = 8, kBiasStride = 10, kScaleA = 17, kScaleB = 18,
              kScaleC = 19, kScaleD = 20, kAmaxD = 21, kFastAccumulation = 25, kBiasType = 26;

} // namespace emu
