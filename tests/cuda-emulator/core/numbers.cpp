// Element types: IEEE half, bfloat16, and the two FP8 formats of "FP8 data types" in the cuBLAS documentation; stores round to nearest
// even, FP8 stores saturate.
#include "core/numbers.h"

#include <cmath>
#include <cstring>


namespace emu {

namespace {

float from_bits(uint32_t bits)
{
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

uint32_t to_bits(float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/// A small float of `exponent` and `mantissa` bits; E4M3 has no infinity, its largest pattern is NaN.
float small_to_float(uint32_t bits, int exponent, int mantissa, bool finite)
{
    const int bias = (1 << (exponent - 1)) - 1;
    const auto sign = (bits >> (exponent + mantissa) & 1) != 0 ? -1.0f : 1.0f;
    const auto e = static_cast<int>(bits >> mantissa & ((1u << exponent) - 1));
    const uint32_t f = bits & ((1u << mantissa) - 1);
    const int top = (1 << exponent) - 1;
    if (e == top && (!finite || f == (1u << mantissa) - 1)) {
        return finite || f != 0 ? std::nanf("") : sign * INFINITY;
    }
    if (e == 0) {
        return sign * std::ldexp(static_cast<float>(f), 1 - bias - mantissa);
    }
    return sign * std::ldexp(static_cast<float>(f | 1u << mantissa), e - bias - mantissa);
}

uint32_t float_to_small(float value, int exponent, int mantissa, float largest, bool finite, bool saturate)
{
    const int bias = (1 << (exponent - 1)) - 1;
    const uint32_t sign = (to_bits(value) >> 31) << (exponent + mantissa);
    const uint32_t top = ((1u << exponent) - 1) << mantissa;
    if (std::isnan(value)) {
        return sign | (finite ? top | ((1u << mantissa) - 1) : top | 1u << (mantissa - 1));
    }
    const float magnitude = std::fabs(value);
    int e = 0;
    std::frexp(magnitude, &e);
    const int unit = (magnitude == 0 || e - 1 < 1 - bias ? 1 - bias : e - 1) - mantissa;
    const float rounded = std::nearbyint(std::ldexp(magnitude, -unit)); // the mode is nearest even
    const float result = std::ldexp(rounded, unit);
    if (result > largest) {
        if (saturate) {
            return float_to_small(std::copysign(largest, value), exponent, mantissa, largest, finite, true);
        }
        return sign | (finite ? top | ((1u << mantissa) - 1) : top);
    }
    auto code = static_cast<uint32_t>(rounded);
    if (code >= 1u << mantissa) {
        // Normal: the implied bit moves into the exponent.
        const int e2 = unit + mantissa + bias;
        code = code == 2u << mantissa ? static_cast<uint32_t>(e2 + 1) << mantissa
                                      : (static_cast<uint32_t>(e2) << mantissa) + (code - (1u << mantissa));
    }
    return sign | code;
}

} // namespace

size_t bytes_of_type(int type)
{
    return type == CUDA_R_32F ? 4 : type == CUDA_R_16F || type == CUDA_R_16BF ? 2 : type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2 ? 1 : 0;
}

float load(uintptr_t address, size_t index, int type)
{
    switch (type) {
    case CUDA_R_32F:
        return reinterpret_cast<const float *>(address)[index];
    case CUDA_R_16BF:
        return from_bits(static_cast<uint32_t>(reinterpret_cast<const uint16_t *>(address)[index]) << 16);
    case CUDA_R_16F:
        return small_to_float(reinterpret_cast<const uint16_t *>(address)[index], 5, 10, false);
    case CUDA_R_8F_E4M3:
        return small_to_float(reinterpret_cast<const uint8_t *>(address)[index], 4, 3, true);
    default:
        return small_to_float(reinterpret_cast<const uint8_t *>(address)[index], 5, 2, false);
    }
}

void store(uintptr_t address, size_t index, int type, float value)
{
    switch (type) {
    case CUDA_R_32F:
        reinterpret_cast<float *>(address)[index] = value;
        break;
    case CUDA_R_16BF: {
        const uint32_t bits = to_bits(value);
        const bool nan = std::isnan(value);
        reinterpret_cast<uint16_t *>(address)[index] = static_cast<uint16_t>(nan ? bits >> 16 | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
        break;
    }
    case CUDA_R_16F:
        reinterpret_cast<uint16_t *>(address)[index] = static_cast<uint16_t>(float_to_small(value, 5, 10, 65504.0f, false, false));
        break;
    case CUDA_R_8F_E4M3:
        reinterpret_cast<uint8_t *>(address)[index] = static_cast<uint8_t>(float_to_small(value, 4, 3, 448.0f, true, true));
        break;
    default:
        reinterpret_cast<uint8_t *>(address)[index] = static_cast<uint8_t>(float_to_small(value, 5, 2, 57344.0f, false, true));
    }
}

} // namespace emu
