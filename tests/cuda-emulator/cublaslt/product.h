#pragma once
#include <cstddef>
#include <cstdint>

#include "core/numbers.h"
#include "cublaslt/descriptors.h"

namespace emu {

/// D = epilogue(alpha * scaleA * scaleB * op(A) op(B) + beta * C), one batch after another, each element summed in F32 over k ascending.
struct Product {
    Layout a, b, c, d;
    bool transA = false, transB = false;
    uint64_t m = 0, n = 0, k = 0;
    uintptr_t aAddress = 0, bAddress = 0, cAddress = 0, dAddress = 0;
    float alpha = 1, beta = 0;
    uintptr_t alphaPointer = 0, betaPointer = 0; ///< device scalars in device pointer mode
    uintptr_t scaleA = 0, scaleB = 0, scaleC = 0, scaleD = 0, amaxD = 0; ///< device scalars of FP8 operands
    bool relu = false, gelu = false;
    uintptr_t bias = 0; ///< m elements of the type D has, or of biasType
    int biasType = 0;
    int64_t biasStride = 0;

    void run() const;
};

} // namespace emu
