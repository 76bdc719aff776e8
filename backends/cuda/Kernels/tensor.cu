// Products on matrix units, for 9 rows and more: y[m, n] = Σ_k x[m, k] · W[n, k], x rounded to BF16, sums in F32. Weights as they are
// stored: BF16, E4M3 with block scales, 8-bit integers; all of them are BF16 exactly once their scale is left out, and sums are scaled
// for each 128 of K (a row of integers at the end). Groups, sorted rows and gating as in products.cu.
//
// At GLM-5, FP8: the same bytes as there, floors by bytes up to some 200 rows (989 TFLOP/s of BF16 to 4.3 TB/s of FP8 is 230
// operations a byte). One instruction does 2,048 multiplications, where CUDA cores take 64 a warp.
//
// A warp has 16 rows of W and 8, 16 or 32 rows of x. The sum over K may be taken in any order, so a lane's four elements of each
// instruction are adjacent in memory: of every 64 of K it reads 16 of two rows of W, 16 bytes each of FP8, and as many of x, and no
// shared memory is needed. Gated: rows of gate above rows of up, whose results come to one lane.

#define TENSOR_THREADS 128
#define TENSOR_WARPS (TENSOR_THREADS / WARP)
#define TENSOR_ROWS 16
#define TENSOR_DEPTH 64     // elements of K of four instructions
#define LANE_DEPTH 16       // of them, those of a lane
#define MOST_GROUPS 1024

struct Bf16Run
{
    typedef half_bits Element;
    uint4 words[2];
    __device__ __forceinline__ void load(const half_bits* from)
    {
        words[0] = ((const uint4*)from)[0];
        words[1] = ((const uint4*)from)[1];
    }
    // Pairs 2j and 2j + 1 of the run.
    __device__ __forceinline__ void pairs(int j, unsigned& first, unsigned& second) const
    {
        const uint4& half = words[j / 2];
        first = j % 2 == 0 ? half.x : half.z;
        second = j % 2 == 0 ? half.y : half.w;
    }
    __device__ __forceinline__ void clear() { words[0] = words[1] = uint4{0, 0, 0, 0}; }
};

struct E4m3Run
{
    typedef byte Element;
    uint4 words;
    __device__ __forceinline__ void load(const byte* from) { words = *(const uint4*)from; }
    __device__ __forceinline__ void pairs(int j, unsigned& first, unsigned& second) const
    {
        float values[4];
        from_e4m3x4(j == 0 ? words.x : j == 1 ? words.y : j == 2 ? words.z : words.w, values);
        first = bf16_pair(values[0], values[1]);
        second = bf16_pair(values[2], values[3]);
    }
    __device__ __forceinline__ void clear() { words = uint4{0, 0, 0, 0}; }
};

struct I8Run
{
    typedef signed char Element;
    uint4 words;
    __device__ __forceinline__ void load(const signed char* from) { words = *(const uint4*)from; }
    __device__ __forceinline__ void pairs(int j, unsigned& first, unsigned& second) const
    {
        unsigned word = j == 0 ? words.x : j == 1 ? words.y : j == 2 ? words.z : words.w;
        first = bf16_pair((float)(signed char)word, (float)(signed char)(word >> 8));
        second = bf16_pair((float)(signed char)(word >> 16), (float)(signed char)(word >> 24));
    }
    __device__ __forceinline__ void clear() { words = uint4{0, 0, 0, 0}; }
};

struct TensorScales
{
    const float* values;
    int columns, part_rows, part_blocks, row_origin, column_origin;

    // The scale of a row at k; of integers the row's only one.
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

// starts[g]: tiles of `size` rows before group g. All threads of the block.
__device__ void count_row_tiles(const int* offsets, int groups, int size, int* starts)
{
    for (int g = threadIdx.x; g < groups; g += TENSOR_THREADS)
        starts[g + 1] = (offsets[g + 1] - offsets[g] + size - 1) / size;
    if (threadIdx.x == 0)
        starts[0] = 0;
    __syncthreads();
    if (warp_index() == 0)
    {
        int before = 0;
        for (int from = 1; from <= groups; from += WARP)
        {
            int g = from + lane_index(), sum = g <= groups ? starts[g] : 0;
            for (int apart = 1; apart < WARP; apart *= 2)
            {
                int more = __shfl_up_sync(FULL_WARP, sum, apart);
                sum += lane_index() >= apart ? more : 0;
            }

            if (g <= groups)
                starts[g] = before + sum;
            before += __shfl_sync(FULL_WARP, sum, WARP - 1);
        }
    }

    __syncthreads();
}

template <typename W, int TILES, bool GATED>
__device__ __forceinline__ void tensor_product(const half_bits* x, int x_width, long long x_group, const int* x_rows,
    const typename W::Element* w, int ld, TensorScales scales, float* y, long long y_row, long long y_group, const int* offsets,
    int groups, int rows, int outputs, int k_warps, int adds)
{
    const int TOKENS = 8 * TILES;
    __shared__ int starts[MOST_GROUPS + 1];
    __shared__ float parts[TENSOR_WARPS][WARP][4 * TILES];
    MATRIX_SCRATCH(scratch, TENSOR_WARPS);
    const int at_once = GATED ? TENSOR_ROWS / 2 : TENSOR_ROWS, n_warps = TENSOR_WARPS / k_warps;
    int n_tiles = (outputs + n_warps * at_once - 1) / (n_warps * at_once);
    int row_tiles = (rows + TOKENS - 1) / TOKENS, all_row_tiles = row_tiles * groups;
    if (offsets)
    {
        count_row_tiles(offsets, groups, TOKENS, starts);
        all_row_tiles = starts[groups];
    }

    int g = lane_index() / 4, t = lane_index() % 4, k_warp = warp_index() % k_warps, n_warp = warp_index() / k_warps;
    long long matrix_rows = GATED ? 2LL * outputs : outputs, jobs = (long long)all_row_tiles * n_tiles;
    for (long long job = blockIdx.x; job < jobs; job += gridDim.x)
    {
        int row_tile = (int)(job % all_row_tiles), n_tile = (int)(job / all_row_tiles), group = row_tile / (row_tiles ? row_tiles : 1);
        int first = row_tile % (row_tiles ? row_tiles : 1) * TOKENS, end = rows;
        if (offsets)
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

            group = low;
            first = offsets[group] + (row_tile - starts[group]) * TOKENS;
            end = offsets[group + 1];
        }

        // This lane's rows of W: g and g + 8 of the warp's, clamped where the matrix ends.
        int output = (n_tile * n_warps + n_warp) * at_once + g;
        long long row[2];
        row[0] = output < outputs ? output : outputs - 1;
        row[1] = GATED ? row[0] + outputs : output + 8 < outputs ? output + 8 : outputs - 1;
        row[0] += group * matrix_rows;
        row[1] += group * matrix_rows;

        // And its rows of x: g of each tile.
        const half_bits* given[TILES];
#pragma unroll
        for (int tile = 0; tile < TILES; tile++)
        {
            int m = first + 8 * tile + g;
            m = m < end ? m : end - 1;
            given[tile] = x + group * x_group + (x_rows ? x_rows[m] : m) * (x_group ? (long long)x_width * groups : x_width);
        }

        float sums[TILES][4], block[TILES][4];
#pragma unroll
        for (int tile = 0; tile < TILES; tile++)
        {
#pragma unroll
            for (int i = 0; i < 4; i++)
                sums[tile][i] = 0;
        }

        for (int from = k_warp * TENSOR_DEPTH; from < ld; from += k_warps * TENSOR_DEPTH)
        {
            int k = from + t * LANE_DEPTH;
            W weights[2];
            Bf16Run rounded[TILES];
            if (k < ld)
            {
                weights[0].load(w + row[0] * ld + k);
                weights[1].load(w + row[1] * ld + k);
#pragma unroll
                for (int tile = 0; tile < TILES; tile++)
                    rounded[tile].load(given[tile] + k);
            }
            else
            {
                weights[0].clear();
                weights[1].clear();
#pragma unroll
                for (int tile = 0; tile < TILES; tile++)
                    rounded[tile].clear();
            }

#pragma unroll
            for (int tile = 0; tile < TILES; tile++)
            {
#pragma unroll
                for (int i = 0; i < 4; i++)
                    block[tile][i] = 0;
            }

#pragma unroll
            for (int j = 0; j < 4; j++)
            {
                unsigned a[4];
                weights[0].pairs(j, a[0], a[2]);
                weights[1].pairs(j, a[1], a[3]);
#pragma unroll
                for (int tile = 0; tile < TILES; tile++)
                {
                    unsigned b[2];
                    rounded[tile].pairs(j, b[0], b[1]);
                    multiply_add(block[tile], a, b, MATRIX_SCRATCH_OF(scratch));
                }
            }

            // All 64 are under one scale: matrices are cut so.
            float upper = scales.of(row[0], from), lower = scales.of(row[1], from);
#pragma unroll
            for (int tile = 0; tile < TILES; tile++)
            {
                sums[tile][0] = fmaf(block[tile][0], upper, sums[tile][0]);
                sums[tile][1] = fmaf(block[tile][1], upper, sums[tile][1]);
                sums[tile][2] = fmaf(block[tile][2], lower, sums[tile][2]);
                sums[tile][3] = fmaf(block[tile][3], lower, sums[tile][3]);
            }
        }

        if (k_warps > 1)
        {
#pragma unroll
            for (int i = 0; i < 4 * TILES; i++)
                parts[warp_index()][lane_index()][i] = sums[i / 4][i % 4];
            __syncthreads();
            for (int p = 1; p < k_warps && k_warp == 0; p++)
            {
#pragma unroll
                for (int i = 0; i < 4 * TILES; i++)
                    sums[i / 4][i % 4] += parts[warp_index() + p][lane_index()][i];
            }

            __syncthreads();
        }

        if (k_warp != 0)
            continue;
#pragma unroll
        for (int i = 0; i < 4 * TILES; i++)
        {
            int m = first + i / 4 * 8 + 2 * t + i % 2, n = output + (i % 4 >= 2 ? 8 : 0);
            float value = sums[i / 4][i % 4];
            if (GATED)
            {
                if (i % 4 >= 2)
                    continue;
                value = silu(value) * sums[i / 4][i % 4 + 2];
            }

            if (m < end && n < outputs)
            {
                float* into = y + group * y_group + m * y_row + n;
                *into = adds ? *into + value : value;
            }
        }
    }
}

#define TENSOR(NAME, W, TILES, GATED) \
    extern "C" __global__ void __launch_bounds__(TENSOR_THREADS) NAME(const half_bits* x, int x_width, long long x_group, \
        const int* x_rows, const W::Element* w, int ld, const float* scale, int scale_columns, int part_rows, int part_blocks, \
        int row_origin, int column_origin, float* y, long long y_row, long long y_group, const int* offsets, int groups, int rows, \
        int outputs, int k_warps, int adds) \
    { \
        TensorScales scales = {scale, scale_columns, part_rows, part_blocks, row_origin, column_origin}; \
        tensor_product<W, TILES, GATED>( \
            x, x_width, x_group, x_rows, w, ld, scales, y, y_row, y_group, offsets, groups, rows, outputs, k_warps, adds); \
    }

#define TENSORS(TYPE, W) \
    TENSOR(tensor_##TYPE##_8, W, 1, false) \
    TENSOR(tensor_##TYPE##_16, W, 2, false) \
    TENSOR(tensor_##TYPE##_32, W, 4, false) \
    TENSOR(tensor_gated_##TYPE##_8, W, 1, true) \
    TENSOR(tensor_gated_##TYPE##_16, W, 2, true) \
    TENSOR(tensor_gated_##TYPE##_32, W, 4, true)

TENSORS(bf16, Bf16Run)
TENSORS(e4m3, E4m3Run)
TENSORS(i8, I8Run)
