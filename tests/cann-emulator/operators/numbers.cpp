#include "operators/numbers.h"

#include <cmath>

namespace emu {

float from_half(uint16_t value)
{
    const uint32_t sign = static_cast<uint32_t>(value & 0x8000) << 16;
    const uint32_t exponent = (value >> 10) & 0x1F;
    const uint32_t fraction = value & 0x3FF;
    if (exponent == 0x1F) {
        return from_bits(sign | 0x7F800000 | (fraction << 13));
    }
    if (exponent == 0) {
        const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
        return sign != 0 ? -magnitude : magnitude;
    }
    return from_bits(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t to_half(float value)
{
    const uint32_t bits = to_bits(value);
    const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {
        return static_cast<uint16_t>(sign | 0x7E00);
    }
    if (magnitude >= 0x477FF000) { // 65520 and more round to infinity
        return static_cast<uint16_t>(sign | 0x7C00);
    }
    if (magnitude < 0x38800000) { // subnormal halves: multiples of 2^-24, by the adder's own rounding
        const float steps = std::nearbyint(std::ldexp(from_bits(magnitude), 24));
        return static_cast<uint16_t>(sign | static_cast<uint16_t>(steps));
    }
    const uint32_t rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
}

size_t size_of(aclDataType type)
{
    switch (type) {
        case ACL_FLOAT:
        case ACL_INT32:
        case ACL_UINT32: return 4;
        case ACL_FLOAT16:
        case ACL_BF16:
        case ACL_INT16:
        case ACL_UINT16: return 2;
        case ACL_INT8:
        case ACL_UINT8:
        case ACL_BOOL:
        case ACL_HIFLOAT8:
        case ACL_FLOAT8_E5M2:
        case ACL_FLOAT8_E4M3FN:
        case ACL_FLOAT8_E8M0: return 1;
        case ACL_INT64:
        case ACL_UINT64:
        case ACL_DOUBLE:
        case ACL_COMPLEX64: return 8;
        case ACL_COMPLEX128: return 16;
        case ACL_COMPLEX32: return 4;
        default: return 0;
    }
}

const char *name_of(aclDataType type)
{
    switch (type) {
        case ACL_FLOAT: return "FLOAT";
        case ACL_FLOAT16: return "FLOAT16";
        case ACL_BF16: return "BFLOAT16";
        case ACL_DOUBLE: return "DOUBLE";
        case ACL_INT4: return "INT4";
        case ACL_INT8: return "INT8";
        case ACL_UINT8: return "UINT8";
        case ACL_INT16: return "INT16";
        case ACL_UINT16: return "UINT16";
        case ACL_INT32: return "INT32";
        case ACL_UINT32: return "UINT32";
        case ACL_INT64: return "INT64";
        case ACL_UINT64: return "UINT64";
        case ACL_BOOL: return "BOOL";
        default: return "another type";
    }
}

bool is_floating(aclDataType type)
{
    return type == ACL_FLOAT || type == ACL_FLOAT16 || type == ACL_BF16 || type == ACL_DOUBLE;
}

bool is_integer(aclDataType type)
{
    return type == ACL_INT8 || type == ACL_UINT8 || type == ACL_INT16 || type == ACL_UINT16 || type == ACL_INT32 || type == ACL_UINT32
        || type == ACL_INT64 || type == ACL_UINT64;
}

float round_through(aclDataType type, float value)
{
    return type == ACL_BF16 ? from_bfloat(to_bfloat(value)) : type == ACL_FLOAT16 ? from_half(to_half(value)) : value;
}

} // namespace emu
