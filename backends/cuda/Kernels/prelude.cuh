// Put before every kernel file: no header is included anywhere, so that the run-time compiler needs none.
// GLM5_PTX is defined where machine code for a GPU is made: instructions that C++ has no name for stand behind it, each beside
// the plain twin that everything else runs.

typedef unsigned char byte;
typedef unsigned short half_bits;

#define FULL_WARP 0xffffffffu
#define WARP 32
#define BLOCK_SCALE 128   // elements under one FP8 scale, in either direction
#define LARGEST_E4M3 448.0f

__device__ __forceinline__ float infinity() { return __int_as_float(0x7f800000); }
__device__ __forceinline__ float not_a_number() { return __int_as_float(0x7fc00000); }
__device__ __forceinline__ bool is_nan(float x) { return x != x; }

// ---- bfloat16: the upper half of a binary32 ----

__device__ __forceinline__ float from_bf16(half_bits bits) { return __uint_as_float((unsigned)bits << 16); }

// To nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ half_bits to_bf16(float x)
{
    unsigned bits = __float_as_uint(x);
    if (is_nan(x))
        return (half_bits)((bits >> 16) | 0x0040);
    return (half_bits)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// ---- FP8 E4M3FN: bias 7, largest 448, no infinities, 0x7f and 0xff are NaN ----

// Exponent and mantissa moved under a binary32's are the value times 2^-120; its subnormals come out right as well.
__device__ __forceinline__ float from_e4m3(unsigned code)
{
    float value = __uint_as_float(((code & 0x80) << 24) | ((code & 0x7f) << 20)) * 0x1p120f;
    return (code & 0x7f) == 0x7f ? not_a_number() : value;
}

// To nearest, ties to even; saturates; NaN stays NaN.
__device__ __forceinline__ byte to_e4m3(float x)
{
    if (is_nan(x))
        return 0x7f;
    unsigned sign = (__float_as_uint(x) >> 24) & 0x80;
    float magnitude = fminf(fabsf(x), LARGEST_E4M3);
    // Below 2^-6 codes count units of 2^-9: adding 2^23 rounds to whole ones.
    if (magnitude < 0.015625f)
        return (byte)(sign | (__float_as_uint(magnitude * 512.0f + 8388608.0f) & 0xff));
    unsigned bits = __float_as_uint(magnitude);
    bits += 0x7ffff + ((bits >> 20) & 1);
    return (byte)(sign | ((bits >> 20) - (120 << 3)));
}

// Four codes of a word, the lowest byte first.
__device__ __forceinline__ void from_e4m3x4(unsigned codes, float* into)
{
#ifdef GLM5_PTX
    unsigned low, high;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(low) : "h"((unsigned short)codes));
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(high) : "h"((unsigned short)(codes >> 16)));
    asm("{.reg .b16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b;}" : "=f"(into[0]), "=f"(into[1]) : "r"(low));
    asm("{.reg .b16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b;}" : "=f"(into[2]), "=f"(into[3]) : "r"(high));
#else
    into[0] = from_e4m3(codes & 0xff);
    into[1] = from_e4m3((codes >> 8) & 0xff);
    into[2] = from_e4m3((codes >> 16) & 0xff);
    into[3] = from_e4m3(codes >> 24);
#endif
}

// ---- sums and maxima: always in one order, so that a result has the same bits every time ----

__device__ __forceinline__ int lane_index() { return threadIdx.x & (WARP - 1); }
__device__ __forceinline__ int warp_index() { return threadIdx.x / WARP; }

__device__ __forceinline__ float warp_sum(float x)
{
    for (int apart = WARP / 2; apart > 0; apart /= 2)
        x += __shfl_xor_sync(FULL_WARP, x, apart);
    return x;
}

__device__ __forceinline__ float warp_max(float x)
{
    for (int apart = WARP / 2; apart > 0; apart /= 2)
        x = fmaxf(x, __shfl_xor_sync(FULL_WARP, x, apart));
    return x;
}

// Over all threads of a block, to all of them. scratch: one float a warp.
__device__ __forceinline__ float block_sum(float x, float* scratch)
{
    x = warp_sum(x);
    __syncthreads();
    if (lane_index() == 0)
        scratch[warp_index()] = x;
    __syncthreads();
    float sum = 0;
    for (int w = 0; w < (int)blockDim.x / WARP; w++)
        sum += scratch[w];
    return sum;
}

__device__ __forceinline__ float block_max(float x, float* scratch)
{
    x = warp_max(x);
    __syncthreads();
    if (lane_index() == 0)
        scratch[warp_index()] = x;
    __syncthreads();
    float most = scratch[0];
    for (int w = 1; w < (int)blockDim.x / WARP; w++)
        most = fmaxf(most, scratch[w]);
    return most;
}

// Halves what each lane holds until it is one value: APART values stay with it, as many go to the lane APART away.
template <int APART>
__device__ __forceinline__ void fold(float* values)
{
    if constexpr (APART > 0)
    {
        bool upper = lane_index() & APART;
#pragma unroll
        for (int i = 0; i < APART; i++)
        {
            float keep = upper ? values[i + APART] : values[i], give = upper ? values[i] : values[i + APART];
            values[i] = keep + __shfl_xor_sync(FULL_WARP, give, APART);
        }

        fold<APART / 2>(values);
    }
}

// COUNT values of every lane (a power of two up to 32) to their sums over the warp: lane l gets that of value l % COUNT. About one
// exchange a value, where summing each apart takes five.
template <int COUNT>
__device__ __forceinline__ float warp_sums(float* values)
{
#pragma unroll
    for (int apart = WARP / 2; apart >= COUNT; apart /= 2)
    {
#pragma unroll
        for (int i = 0; i < COUNT; i++)
            values[i] += __shfl_xor_sync(FULL_WARP, values[i], apart);
    }

    fold<COUNT / 2>(values);
    return values[0];
}

// ---- the functions of the model ----

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
__device__ __forceinline__ float silu(float x) { return x / (1.0f + expf(-x)); }

// The pair (a, b) turned by p · frequency; the angle is an F32 product by definition.
__device__ __forceinline__ void rotate(float& a, float& b, int position, float frequency)
{
    float angle = __fmul_rn((float)position, frequency), c = cosf(angle), s = sinf(angle), was = a;
    a = was * c - b * s;
    b = b * c + was * s;
}

// ---- cached rows ----
// F32 and BF16: the elements in order. FP8: E4M3 codes, padded to 4 bytes; an F32 scale for each 128 of them; the elements that are
// not coded in BF16. A latent row of GLM-5 has 512 + 16 + 128 = 656 bytes, an index key 128 + 4 = 132.

#define ROW_F32 0
#define ROW_BF16 1
#define ROW_FP8 2

// Bytes before the scales, and before the elements kept in BF16.
__device__ __forceinline__ int scales_at(int coded) { return (coded + 3) & ~3; }
__device__ __forceinline__ int kept_at(int coded) { return scales_at(coded) + (coded + BLOCK_SCALE - 1) / BLOCK_SCALE * 4; }

// Element i of a row of `coded` elements and others behind them.
template <int FORMAT>
__device__ __forceinline__ float cached(const byte* row, int coded, int i)
{
    if (FORMAT == ROW_F32)
        return ((const float*)row)[i];
    if (FORMAT == ROW_BF16)
        return from_bf16(((const half_bits*)row)[i]);
    if (i >= coded)
        return from_bf16(((const half_bits*)(row + kept_at(coded)))[i - coded]);
    return from_e4m3(row[i]) * ((const float*)(row + scales_at(coded)))[i / BLOCK_SCALE];
}

__device__ __forceinline__ float cached(int format, const byte* row, int coded, int i)
{
    return format == ROW_F32 ? cached<ROW_F32>(row, coded, i)
        : format == ROW_BF16 ? cached<ROW_BF16>(row, coded, i) : cached<ROW_FP8>(row, coded, i);
}

// The slot of a position of a sequence, by its row of the block tables.
__device__ __forceinline__ long long slot_of(const int* blocks, int position, int block_slots)
{
    return (long long)blocks[position / block_slots] * block_slots + position % block_slots;
}

// ---- matrix units ----
// d[16 x 8] += a[16 x 16] · b[16 x 8] of bfloat16 with F32 sums, all lanes of a warp together. Lane l = 4 g + t holds of a the pairs (row
// g, k 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8); of b the pairs (k 2t, column g), (2t + 8, g); of d (g, 2t), (g, 2t + 1), (g + 8, 2t),
// (g + 8, 2t + 1): PTX ISA, mma.m16n8k16. A pair lies in one word, the lower k in its lower half.

#define MATRIX_WORDS 6      // words of a and b that a lane holds

#ifdef GLM5_PTX
#define MATRIX_SCRATCH(name, warps)
#define MATRIX_SCRATCH_OF(name) 0
#else
#define MATRIX_SCRATCH(name, warps) __shared__ unsigned name[(warps) * WARP * MATRIX_WORDS]
#define MATRIX_SCRATCH_OF(name) (name + warp_index() * WARP * MATRIX_WORDS)
#endif

__device__ __forceinline__ void multiply_add(float* d, const unsigned* a, const unsigned* b, unsigned* scratch)
{
#ifdef GLM5_PTX
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    unsigned* mine = scratch + lane_index() * MATRIX_WORDS;
    for (int i = 0; i < 4; i++)
        mine[i] = a[i];
    mine[4] = b[0];
    mine[5] = b[1];
    __syncwarp();
    int g = lane_index() / 4, t = lane_index() % 4;
    for (int result = 0; result < 4; result++)
    {
        int upper = result / 2, column = 2 * t + result % 2;
        for (int pair = 0; pair < 8; pair++)
        {
            unsigned left = scratch[(g * 4 + pair % 4) * MATRIX_WORDS + pair / 4 * 2 + upper];
            unsigned right = scratch[(column * 4 + pair % 4) * MATRIX_WORDS + 4 + pair / 4];
            d[result] = fmaf(from_bf16((half_bits)left), from_bf16((half_bits)right), d[result]);
            d[result] = fmaf(from_bf16((half_bits)(left >> 16)), from_bf16((half_bits)(right >> 16)), d[result]);
        }
    }

    __syncwarp();
#endif
}

// Two floats that bfloat16 has exactly, in one word.
__device__ __forceinline__ unsigned bf16_pair(float low, float high)
{
    return (__float_as_uint(high) & 0xffff0000u) | (__float_as_uint(low) >> 16);
}
