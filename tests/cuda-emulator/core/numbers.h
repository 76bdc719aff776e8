#pragma once
#include <cstddef>
#include <cstdint>

/// Element types by cudaDataType's numbers.
enum { CUDA_R_32F = 0, CUDA_R_16F = 2, CUDA_R_16BF = 14, CUDA_R_8F_E4M3 = 28, CUDA_R_8F_E5M2 = 29 };

namespace emu {

size_t bytes_of_type(int type); ///< 0 for types that are not emulated
float load(uintptr_t address, size_t index, int type);
void store(uintptr_t address, size_t index, int type, float value);

} // namespace emu
