// Built-in vector types; alignments as the programming guide's table "Alignment requirements" gives them.
#define CUDA_EMULATOR_VECTOR(type, base, a1, a2, a3, a4) \
    struct __attribute__((aligned(a1))) type##1 { base x; }; \
    struct __attribute__((aligned(a2))) type##2 { base x, y; }; \
    CUDA_EMULATOR_VECTOR3(type, base, a3) \
    struct __attribute__((aligned(a4))) type##4 { base x, y, z, w; }; \
    constexpr type##1 make_##type##1(base x) { return {x}; } \
    constexpr type##2 make_##type##2(base x, base y) { return {x, y}; } \
    constexpr type##3 make_##type##3(base x, base y, base z) { return {x, y, z}; } \
    constexpr type##4 make_##type##4(base x, base y, base z, base w) { return {x, y, z, w}; }
#define CUDA_EMULATOR_VECTOR3(type, base, a3) \
    struct __attribute__((aligned(a3))) type##3 { base x, y, z; };

CUDA_EMULATOR_VECTOR(char, signed char, 1, 2, 1, 4)
CUDA_EMULATOR_VECTOR(uchar, unsigned char, 1, 2, 1, 4)
CUDA_EMULATOR_VECTOR(short, short, 2, 4, 2, 8)
CUDA_EMULATOR_VECTOR(ushort, unsigned short, 2, 4, 2, 8)
CUDA_EMULATOR_VECTOR(int, int, 4, 8, 4, 16)
CUDA_EMULATOR_VECTOR(float, float, 4, 8, 4, 16)
CUDA_EMULATOR_VECTOR(long, long, 8, 16, 8, 16)
CUDA_EMULATOR_VECTOR(ulong, unsigned long, 8, 16, 8, 16)
CUDA_EMULATOR_VECTOR(longlong, long long, 8, 16, 8, 16)
CUDA_EMULATOR_VECTOR(ulonglong, unsigned long long, 8, 16, 8, 16)
CUDA_EMULATOR_VECTOR(double, double, 8, 16, 8, 16)
#undef CUDA_EMULATOR_VECTOR3
#define CUDA_EMULATOR_VECTOR3(type, base, a3)
CUDA_EMULATOR_VECTOR(uint, unsigned, 4, 8, 4, 16)
#undef CUDA_EMULATOR_VECTOR3
#undef CUDA_EMULATOR_VECTOR
