// ncclDataType_t and ncclRedOp_t of the NCCL documentation, "Types".
#include "nccl/reduction.h"

#include <algorithm>
#include <cstdint>

#include "abi/nccl.h"
#include "core/numbers.h"

namespace emu {

namespace {

template <class Value>
Value combine(Value left, Value right, int op)
{
    switch (op) {
    case ncclProd:
        return left * right;
    case ncclMax:
        return std::max(left, right);
    case ncclMin:
        return std::min(left, right);
    default:
        return left + right;
    }
}

template <class Element>
void reduce_as(std::byte *result, const std::vector<const std::byte *> &parts, size_t count, int op)
{
    for (size_t i = 0; i < count; i++) {
        Element value = reinterpret_cast<const Element *>(parts[0])[i];
        for (size_t rank = 1; rank < parts.size(); rank++) {
            value = combine(value, reinterpret_cast<const Element *>(parts[rank])[i], op);
        }
        reinterpret_cast<Element *>(result)[i] = op == ncclAvg ? static_cast<Element>(value / static_cast<Element>(parts.size())) : value;
    }
}

void reduce_narrow(std::byte *result, const std::vector<const std::byte *> &parts, size_t count, int type, int op)
{
    const auto at = [](const std::byte *bytes) { return reinterpret_cast<uintptr_t>(bytes); };
    for (size_t i = 0; i < count; i++) {
        float value = load(at(parts[0]), i, type);
        for (size_t rank = 1; rank < parts.size(); rank++) {
            value = combine(value, load(at(parts[rank]), i, type), op);
        }
        store(at(result), i, type, op == ncclAvg ? value / static_cast<float>(parts.size()) : value);
    }
}

} // namespace

size_t bytes_of_element(int type)
{
    constexpr size_t kBytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};
    return type >= 0 && type < 12 ? kBytes[type] : 0;
}

void reduce_parts(std::byte *result, const std::vector<const std::byte *> &parts, size_t count, int type, int op)
{
    switch (type) {
    case ncclInt8: return reduce_as<int8_t>(result, parts, count, op);
    case ncclUint8: return reduce_as<uint8_t>(result, parts, count, op);
    case ncclInt32: return reduce_as<int32_t>(result, parts, count, op);
    case ncclUint32: return reduce_as<uint32_t>(result, parts, count, op);
    case ncclInt64: return reduce_as<int64_t>(result, parts, count, op);
    case ncclUint64: return reduce_as<uint64_t>(result, parts, count, op);
    case ncclFloat32: return reduce_as<float>(result, parts, count, op);
    case ncclFloat64: return reduce_as<double>(result, parts, count, op);
    case ncclFloat16: return reduce_narrow(result, parts, count, CUDA_R_16F, op);
    case ncclBfloat16: return reduce_narrow(result, parts, count, CUDA_R_16BF, op);
    case ncclFloat8e4m3: return reduce_narrow(result, parts, count, CUDA_R_8F_E4M3, op);
    default: return reduce_narrow(result, parts, count, CUDA_R_8F_E5M2, op);
    }
}

} // namespace emu
