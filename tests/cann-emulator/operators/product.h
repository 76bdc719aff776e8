#pragma once
#include "operators/tensor.h"

namespace emu {

/// One matrix of a tensor: element (row, column) lies at first + row * rowStep + column * columnStep.
struct Matrix {
    const Tensor *tensor;
    int64_t first;
    int64_t rows;
    int64_t columns;
    int64_t rowStep;
    int64_t columnStep;
    bool reduced = false; ///< FP32 elements are read as HFLOAT32
};

/// The matrix of the last two dimensions at a batch position (in elements of storage).
Matrix matrix_at(const Tensor &tensor, int64_t first);

/// sum over K of left x right in FP32, in the order of K; rows x columns floats. Integers up to INT8 are exact below 2^24: use
/// `product_integers` for them.
std::vector<float> product(const Matrix &left, const Matrix &right);
std::vector<int64_t> product_integers(const Matrix &left, const Matrix &right);

/// Batched product with broadcast batches; results are rounded through `rounded` first, then to the output's type. `reduced`: FP32
/// inputs are rounded to HFLOAT32 (11 bits of mantissa).
void multiply_batches(const Tensor &left, const Tensor &right, const Tensor &out, aclDataType rounded, bool reduced = false);

} // namespace emu
