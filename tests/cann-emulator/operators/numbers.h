#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "abi_types.h"

namespace emu {

inline float from_bits(uint32_t bits)
{
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

inline uint32_t to_bits(float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}

inline float from_bfloat(uint16_t value)
{
    return from_bits(static_cast<uint32_t>(value) << 16);
}

/// Nearest, ties to even; NaN stays NaN.
inline uint16_t to_bfloat(float value)
{
    const uint32_t bits = to_bits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
        return static_cast<uint16_t>((bits >> 16) | 0x40);
    }
    return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float from_half(uint16_t value);
/// Nearest, ties to even; overflow becomes infinity (INF/NAN mode).
uint16_t to_half(float value);

/// Bytes of one element; 0 for types without whole bytes (INT4) or without data.
size_t size_of(aclDataType type);
const char *name_of(aclDataType type);
bool is_floating(aclDataType type);
bool is_integer(aclDataType type); ///< BOOL is not

/// Rounds an FP32 value through a type, as storing and loading it does.
float round_through(aclDataType type, float value);

} // namespace emu
