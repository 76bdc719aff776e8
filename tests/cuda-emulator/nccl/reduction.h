#pragma once
#include <cstddef>
#include <vector>

namespace emu {

size_t bytes_of_element(int type); ///< by ncclDataType_t; 0 for none

/// result = parts[0] op parts[1] op ... in the order of ranks; floats are summed in F32 (F64 in F64) and rounded once.
void reduce_parts(std::byte *result, const std::vector<const std::byte *> &parts, size_t count, int type, int op);

} // namespace emu
