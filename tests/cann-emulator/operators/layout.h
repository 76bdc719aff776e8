#pragma once
#include "operators/executor.h"

namespace emu {

/// FRACTAL_NZ of a matrix of R rows and C columns: blocks [C1, R1, 16, C0] with C0 of 32 bytes (16 elements of two bytes, 32 of one).
namespace nz {

int64_t block_columns(aclDataType type);
/// [.., C1, R1, 16, C0] for a shape [.., R, C].
Shape storage_of(const Shape &shape, aclDataType type);
/// Element position of (row, column) in one matrix's storage.
int64_t position(int64_t row, int64_t column, int64_t rows, int64_t blockColumns);

} // namespace nz

/// A weight operand as rows x columns matrices, ND (by strides) or NZ, one for each batch.
struct Weight {
    int64_t batches;
    int64_t rows;
    int64_t columns;
};

/// The logical shape of a weight; an NZ descriptor may show it as [.., R, C] or as its storage [.., C1, R1, 16, C0] (then padded).
Weight weight_of(Call &call, Operand operand, const char *name);

/// Matrix `batch` of a weight in FP32, row by row.
std::vector<float> weight_values(const Tensor &tensor, const Weight &weight, int64_t batch);

} // namespace emu
