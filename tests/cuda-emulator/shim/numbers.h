// Integer functions, bit casts and conversions of the CUDA math reference.
#define CUDA_EMULATOR_MINMAX(type) \
    constexpr type min(type x, type y) { return y < x ? y : x; } \
    constexpr type max(type x, type y) { return x < y ? y : x; }
CUDA_EMULATOR_MINMAX(int)
CUDA_EMULATOR_MINMAX(unsigned)
CUDA_EMULATOR_MINMAX(long)
CUDA_EMULATOR_MINMAX(unsigned long)
CUDA_EMULATOR_MINMAX(long long)
CUDA_EMULATOR_MINMAX(unsigned long long)
#undef CUDA_EMULATOR_MINMAX
constexpr unsigned min(int x, unsigned y) { return min(static_cast<unsigned>(x), y); }
constexpr unsigned min(unsigned x, int y) { return min(x, static_cast<unsigned>(y)); }
constexpr unsigned max(int x, unsigned y) { return max(static_cast<unsigned>(x), y); }
constexpr unsigned max(unsigned x, int y) { return max(x, static_cast<unsigned>(y)); }
inline float min(float x, float y) { return fminf(x, y); }
inline float max(float x, float y) { return fmaxf(x, y); }
inline double min(double x, double y) { return fmin(x, y); }
inline double max(double x, double y) { return fmax(x, y); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x)
{
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; bit++) {
        reversed |= (x >> bit & 1u) << (31 - bit);
    }
    return reversed;
}
inline unsigned __umulhi(unsigned x, unsigned y) { return static_cast<unsigned>(static_cast<unsigned long long>(x) * y >> 32); }
inline int __mulhi(int x, int y) { return static_cast<int>(static_cast<long long>(x) * y >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y)
{
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(x) * y >> 64);
}
inline int __mul24(int x, int y) { return ((x << 8) >> 8) * ((y << 8) >> 8); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector)
{
    const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned picked = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned choice = selector >> (4 * i) & 0xF;
        unsigned byte = static_cast<unsigned>(bytes >> (8 * (choice & 7)) & 0xFF);
        byte = (choice & 8) != 0 ? ((byte & 0x80) != 0 ? 0xFF : 0) : byte;
        picked |= byte << (8 * i);
    }
    return picked;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift)
{
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift)
{
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}
inline int __dp4a(int x, int y, int sum)
{
    for (int i = 0; i < 4; i++) {
        sum += static_cast<signed char>(x >> (8 * i)) * static_cast<signed char>(y >> (8 * i));
    }
    return sum;
}

#define CUDA_EMULATOR_CAST(name, from, to) \
    inline to name(from x) \
    { \
        to y; \
        __builtin_memcpy(&y, &x, sizeof(y)); \
        return y; \
    }
CUDA_EMULATOR_CAST(__float_as_int, float, int)
CUDA_EMULATOR_CAST(__float_as_uint, float, unsigned)
CUDA_EMULATOR_CAST(__int_as_float, int, float)
CUDA_EMULATOR_CAST(__uint_as_float, unsigned, float)
CUDA_EMULATOR_CAST(__double_as_longlong, double, long long)
CUDA_EMULATOR_CAST(__longlong_as_double, long long, double)
#undef CUDA_EMULATOR_CAST

namespace cuda_emulator {

/// Conversions saturate and take NaN to 0, as cvt does.
template <class Integer>
inline Integer to_integer(double x, double low, double high, Integer lowest, Integer highest)
{
    return __builtin_isnan(x) ? 0 : x <= low ? lowest : x >= high ? highest : static_cast<Integer>(x);
}
inline int to_int(double x) { return to_integer<int>(x, -2147483648.0, 2147483647.0, -2147483647 - 1, 2147483647); }
inline unsigned to_uint(double x) { return to_integer<unsigned>(x, 0.0, 4294967295.0, 0u, 4294967295u); }

} // namespace cuda_emulator

inline int __float2int_rn(float x) { return cuda_emulator::to_int(__builtin_nearbyint(x)); }
inline int __float2int_rz(float x) { return cuda_emulator::to_int(__builtin_trunc(x)); }
inline int __float2int_rd(float x) { return cuda_emulator::to_int(__builtin_floor(x)); }
inline int __float2int_ru(float x) { return cuda_emulator::to_int(__builtin_ceil(x)); }
inline unsigned __float2uint_rn(float x) { return cuda_emulator::to_uint(__builtin_nearbyint(x)); }
inline unsigned __float2uint_rz(float x) { return cuda_emulator::to_uint(__builtin_trunc(x)); }
inline unsigned __float2uint_rd(float x) { return cuda_emulator::to_uint(__builtin_floor(x)); }
inline unsigned __float2uint_ru(float x) { return cuda_emulator::to_uint(__builtin_ceil(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }
