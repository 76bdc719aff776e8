// Products with weights as they are stored, for few rows: y[m, n] = Σ_k x[m, k] · W[n, k], sums in F32.
//
// W is F32, BF16, E4M3 with a scale for each 128 x 128 of the checkpoint's matrix, or 8-bit integers with a scale a row; rows padded
// with zeros to whole 16s. Groups (heads, experts) have matrices of their own; rows of x are all given to every group, or
// sorted by group with `offsets`. Gated: W is gate above up, y = silu(gate · x) · (up · x).
//
// Bytes: W once, x and y beside it. FLOPs 2 · M · N · K. At GLM-5, FP8, M = 1, floors at 4.3 TB/s: q_a 12.6 MB 2.9 us, q_b 33.6 MB
// 7.8 us, o_proj 100.7 MB 23.4 us, one expert 37.7 MB 8.8 us, 8 + 1 experts 340 MB 79 us. Below 8 rows FMAs of the CUDA cores (67
// TFLOP/s) keep up with memory; from there on tensor cores are due.
//
// A warp computes 4 rows of W for up to 8 rows of x; a lane has 16 elements of K at a time, 16 bytes of FP8. K goes to 1, 2 or 4
// warps of the block, by its length alone, whose parts are added in order: what a row of x gives does not depend on the others.
// Blocks take tiles in turn until there are none (a pool with static shares): the grid is as large as the device, not as the work,
// so that one launch fits every distribution of rows over experts.

#define PRODUCT_THREADS 128
#define PRODUCT_WARPS (PRODUCT_THREADS / WARP)
#define RUN 16              // elements of K that a lane has at a time
#define ROWS_AT_ONCE 4      // rows of W that a warp has
#define MOST_GROUPS 1024

struct F32Weights
{
    typedef float Element;
    uint4 words[4];
    __device__ __forceinline__ void load(const float* from)
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
            words[i] = ((const uint4*)from)[i];
    }
    __device__ __forceinline__ void four(int quarter, float* into) const
    {
        into[0] = __uint_as_float(words[quarter].x);
        into[1] = __uint_as_float(words[quarter].y);
        into[2] = __uint_as_float(words[quarter].z);
        into[3] = __uint_as_float(words[quarter].w);
    }
};

__device__ __forceinline__ unsigned word_of(const uint4& words, int i)
{
    return i == 0 ? words.x : i == 1 ? words.y : i == 2 ? words.z : words.w;
}

struct Bf16Weights
{
    typedef half_bits Element;
    uint4 words[2];
    __device__ __forceinline__ void load(const half_bits* from)
    {
        words[0] = ((const uint4*)from)[0];
        words[1] = ((const uint4*)from)[1];
    }
    __device__ __forceinline__ void four(int quarter, float* into) const
    {
        unsigned low = word_of(words[quarter / 2], quarter % 2 * 2), high = word_of(words[quarter / 2], quarter % 2 * 2 + 1);
        into[0] = __uint_as_float(low << 16);
        into[1] = __uint_as_float(low & 0xffff0000u);
        into[2] = __uint_as_float(high << 16);
        into[3] = __uint_as_float(high & 0xffff0000u);
    }
};

struct E4m3Weights
{
    typedef byte Element;
    uint4 words;
    __device__ __forceinline__ void load(const byte* from) { words = *(const uint4*)from; }
    __device__ __forceinline__ void four(int quarter, float* into) const { from_e4m3x4(word_of(words, quarter), into); }
};

struct I8Weights
{
    typedef signed char Element;
    uint4 words;
    __device__ __forceinline__ void load(const signed char* from) { words = *(const uint4*)from; }
    __device__ __forceinline__ void four(int quarter, float* into) const
    {
        unsigned word = word_of(words, quarter);
#pragma unroll
        for (int i = 0; i < 4; i++)
            into[i] = (float)(signed char)(word >> (8 * i));
    }
};

// Which scale an element of a group's matrix has: its parts (gate, up) have scales of their own, counted from the block's origin in
// the checkpoint's matrix.
struct Scales
{
    const float* values;
    int columns;       // scales from one row of blocks to the next; 0: one a row of the matrix
    int part_rows;     // rows of a part
    int part_blocks;   // rows of blocks of a part
    int row_origin;    // rows of the part's first block that lie before it
    int column_origin;

    __device__ __forceinline__ float of(long long row, int k) const
    {
        if (values == 0)
            return 1;
        if (columns == 0)
            return values[row];
        long long blocks = row / part_rows * part_blocks + (row % part_rows + row_origin) / BLOCK_SCALE;
        return values[blocks * columns + (k + column_origin) / BLOCK_SCALE];
    }
};

struct Activations
{
    const float* values;
    long long row_stride, group_stride;
    const int* rows;   // the row of x that each row of the product takes; null: its own
    bool aligned;      // every row begins at 16 bytes

    __device__ __forceinline__ const float* row(int group, int m) const
    {
        return values + group * group_stride + (rows ? rows[m] : m) * row_stride;
    }
};

__device__ __forceinline__ float4 four_of(const float* row, int k, int depth, bool aligned)
{
    if (aligned && k + 4 <= depth)
        return *(const float4*)(row + k);
    float4 x;
    x.x = k < depth ? row[k] : 0;
    x.y = k + 1 < depth ? row[k + 1] : 0;
    x.z = k + 2 < depth ? row[k + 2] : 0;
    x.w = k + 3 < depth ? row[k + 3] : 0;
    return x;
}

// One tile: rows n[0..3] of a group's matrix by TOKENS rows of x. Lane l returns the sum of value l % (4 · TOKENS), row-major over
// [4][TOKENS], over this warp's share of K.
template <typename W, int TOKENS>
__device__ __forceinline__ float tile(const typename W::Element* matrix, long long first_row, int ld, const Scales& scales,
    const int* n, const float* const* x, bool aligned, int depth, int k_warp, int k_warps)
{
    float sums[ROWS_AT_ONCE * TOKENS];
#pragma unroll
    for (int i = 0; i < ROWS_AT_ONCE * TOKENS; i++)
        sums[i] = 0;
    for (int k = (k_warp * WARP + lane_index()) * RUN; k < depth; k += k_warps * WARP * RUN)
    {
        W weights[ROWS_AT_ONCE];
        float factors[ROWS_AT_ONCE];
#pragma unroll
        for (int r = 0; r < ROWS_AT_ONCE; r++)
        {
            weights[r].load(matrix + n[r] * (long long)ld + k);
            factors[r] = scales.of(first_row + n[r], k);
        }

#pragma unroll
        for (int quarter = 0; quarter < 4; quarter++)
        {
            float4 given[TOKENS];
#pragma unroll
            for (int t = 0; t < TOKENS; t++)
                given[t] = four_of(x[t], k + 4 * quarter, depth, aligned);
#pragma unroll
            for (int r = 0; r < ROWS_AT_ONCE; r++)
            {
                float w[4];
                weights[r].four(quarter, w);
                w[0] *= factors[r];
                w[1] *= factors[r];
                w[2] *= factors[r];
                w[3] *= factors[r];
#pragma unroll
                for (int t = 0; t < TOKENS; t++)
                {
                    float& sum = sums[r * TOKENS + t];
                    sum = fmaf(given[t].x, w[0], sum);
                    sum = fmaf(given[t].y, w[1], sum);
                    sum = fmaf(given[t].z, w[2], sum);
                    sum = fmaf(given[t].w, w[3], sum);
                }
            }
        }
    }

    return warp_sums<ROWS_AT_ONCE * TOKENS>(sums);
}

// starts[g]: tiles of rows before group g, of `size` rows each. All threads of the block.
__device__ void count_tiles(const int* offsets, int groups, int size, int* starts)
{
    for (int from = 0; from < groups; from += PRODUCT_THREADS)
    {
        int g = from + threadIdx.x;
        int before = from == 0 ? 0 : starts[from];
        int mine = g < groups ? (offsets[g + 1] - offsets[g] + size - 1) / size : 0;
        __syncthreads();
        if (g < groups)
            starts[g + 1] = mine;
        __syncthreads();
        for (int apart = 1; apart < PRODUCT_THREADS; apart *= 2)
        {
            int more = (int)threadIdx.x >= apart && g < groups ? starts[g + 1 - apart] : 0;
            __syncthreads();
            if (g < groups)
                starts[g + 1] += more;
            __syncthreads();
        }

        if (g < groups)
            starts[g + 1] += before;
        if (g == 0)
            starts[0] = 0;
        __syncthreads();
    }
}

__device__ __forceinline__ int group_of(const int* starts, int groups, int row_tile)
{
    int low = 0, high = groups;
    while (high - low > 1)
    {
        int middle = (low + high) / 2;
        if (starts[middle] <= row_tile)
            low = middle;
        else
            high = middle;
    }

    return low;
}

template <typename W, int TOKENS, bool GATED>
__device__ __forceinline__ void product(Activations x, const typename W::Element* w, int ld, Scales scales, float* y,
    long long y_row, long long y_group, const int* offsets, int groups, int rows, int outputs, int depth, int k_warps, int adds)
{
    __shared__ int starts[MOST_GROUPS + 1];
    __shared__ float parts[PRODUCT_THREADS];
    const int outputs_at_once = GATED ? ROWS_AT_ONCE / 2 : ROWS_AT_ONCE, n_warps = PRODUCT_WARPS / k_warps;
    int n_tiles = (outputs + n_warps * outputs_at_once - 1) / (n_warps * outputs_at_once);
    int row_tiles = (rows + TOKENS - 1) / TOKENS, all_row_tiles = row_tiles * groups;
    if (offsets)
    {
        count_tiles(offsets, groups, TOKENS, starts);
        all_row_tiles = starts[groups];
    }

    long long matrix_rows = GATED ? 2LL * outputs : outputs;
    int k_warp = warp_index() % k_warps, n_warp = warp_index() / k_warps;
    long long jobs = (long long)all_row_tiles * n_tiles;
    for (long long job = blockIdx.x; job < jobs; job += gridDim.x)
    {
        // Tiles of rows go fastest: those of one group read the same weights at about the same time.
        int row_tile = (int)(job % all_row_tiles), n_tile = (int)(job / all_row_tiles);
        int group = offsets ? group_of(starts, groups, row_tile) : row_tile / row_tiles;
        int first = offsets ? offsets[group] + (row_tile - starts[group]) * TOKENS : row_tile % row_tiles * TOKENS;
        int end = offsets ? offsets[group + 1] : rows;
        int first_output = (n_tile * n_warps + n_warp) * outputs_at_once, n[ROWS_AT_ONCE];
#pragma unroll
        for (int r = 0; r < ROWS_AT_ONCE; r++)
        {
            int output = first_output + r % outputs_at_once;
            output = output < outputs ? output : outputs - 1;
            n[r] = r / outputs_at_once * outputs + output;
        }

        const float* given[TOKENS];
#pragma unroll
        for (int t = 0; t < TOKENS; t++)
            given[t] = x.row(group, first + t < end ? first + t : end - 1);
        float sum = tile<W, TOKENS>(
            w + group * matrix_rows * ld, group * matrix_rows, ld, scales, n, given, x.aligned, depth, k_warp, k_warps);
        if (k_warps > 1)
        {
            parts[threadIdx.x] = sum;
            __syncthreads();
            if (k_warp == 0)
            {
                for (int p = 1; p < k_warps; p++)
                    sum += parts[threadIdx.x + p * WARP];
            }

            __syncthreads();
        }

        int value = lane_index() % (ROWS_AT_ONCE * TOKENS), output = first_output + value / TOKENS, m = first + value % TOKENS;
        if (GATED)
        {
            float up = __shfl_sync(FULL_WARP, sum, (lane_index() + outputs_at_once * TOKENS) % WARP);
            sum = silu(sum) * up;
        }

        bool is_result = k_warp == 0 && lane_index() < outputs_at_once * TOKENS && output < outputs && m < end;
        if (is_result)
        {
            float* into = y + group * y_group + m * y_row + output;
            *into = adds ? *into + sum : sum;
        }
    }
}

#define PRODUCT(NAME, W, TOKENS, GATED) \
    extern "C" __global__ void __launch_bounds__(PRODUCT_THREADS, 2) NAME(const float* x, long long x_row, long long x_group, \
        const int* x_rows, int aligned, const W::Element* w, int ld, const float* scale, int scale_columns, int part_rows, \
        int part_blocks, int row_origin, int column_origin, float* y, long long y_row, long long y_group, const int* offsets, \
        int groups, int rows, int outputs, int depth, int k_warps, int adds) \
    { \
        Activations given = {x, x_row, x_group, x_rows, aligned != 0}; \
        Scales scales = {scale, scale_columns, part_rows, part_blocks, row_origin, column_origin}; \
        product<W, TOKENS, GATED>( \
            given, w, ld, scales, y, y_row, y_group, offsets, groups, rows, outputs, depth, k_warps, adds); \
    }

#define PRODUCTS(TYPE, W) \
    PRODUCT(product_##TYPE##_1, W, 1, false) \
    PRODUCT(product_##TYPE##_4, W, 4, false) \
    PRODUCT(product_##TYPE##_8, W, 8, false) \
    PRODUCT(gated_##TYPE##_1, W, 1, true) \
    PRODUCT(gated_##TYPE##_4, W, 4, true) \
    PRODUCT(gated_##TYPE##_8, W, 8, true)

PRODUCTS(f32, F32Weights)
PRODUCTS(bf16, Bf16Weights)
PRODUCTS(e4m3, E4m3Weights)
PRODUCTS(i8, I8Weights)
