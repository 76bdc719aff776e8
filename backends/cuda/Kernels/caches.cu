// Rows into the caches and out of them (layout: prelude.cuh), at slots that are read from the step's tables.
//
//   write_rows, read_rows: the plain twins
//   finish_latent: c = rms_norm(row[0 … latent]), k = rope(row[latent … ]), both rounded into the slot
//   finish_index_key: k = layer_norm(row), the first `turned` of it rotated, rounded into the slot
//   turn_query: the part of each head that rotates, out of the query's rows
//
// Bytes at GLM-5 a token: finish_latent reads 2,304 and writes 656, finish_index_key reads 512 and writes 132: 0.9 ns of 4.3 TB/s.
// Their floor is the launch; fused they take 2 where norm, rope, quantisation and the write apart take 8. One block a token.

#define FINISH_THREADS 128
#define MOST_WIDTH 1024
#define MOST_TILES 8

// 128 elements to codes and their scale: max|x| / 448, rounded up to a power of two for index keys. One warp.
__device__ __forceinline__ void encode_tile(const float* x, int count, bool rounds, byte* codes, float* scale)
{
    float most = 1e-10f;
    bool spoilt = false;
    for (int i = lane_index(); i < count; i += WARP)
    {
        most = fmaxf(most, fabsf(x[i]));
        spoilt |= is_nan(x[i]);
    }

    most = warp_max(most);
    float unit = most / LARGEST_E4M3;
    if (rounds && most < infinity())
        unit = __uint_as_float((__float_as_uint(unit) + 0x7fffff) & 0xff800000u);
    for (int i = lane_index(); i < count; i += WARP)
        codes[i] = to_e4m3(x[i] / unit);
    if (lane_index() == 0)
        *scale = unit;
}

// A row in shared memory to its bytes. All threads of the block, which has whole warps.
__device__ void encode_row(int format, const float* x, int coded, int kept, bool rounds, byte* row)
{
    if (format == ROW_FP8)
    {
        for (int tile = warp_index(); tile * BLOCK_SCALE < coded; tile += blockDim.x / WARP)
        {
            int first = tile * BLOCK_SCALE, count = coded - first < BLOCK_SCALE ? coded - first : BLOCK_SCALE;
            encode_tile(x + first, count, rounds, row + first, (float*)(row + scales_at(coded)) + tile);
        }

        for (int i = threadIdx.x; i < kept; i += blockDim.x)
            ((half_bits*)(row + kept_at(coded)))[i] = to_bf16(x[coded + i]);
        return;
    }

    for (int i = threadIdx.x; i < coded + kept; i += blockDim.x)
    {
        if (format == ROW_F32)
            ((float*)row)[i] = x[i];
        else
            ((half_bits*)row)[i] = to_bf16(x[i]);
    }
}

// a [tokens, coded], b [tokens, kept] (null: nothing is kept)
extern "C" __global__ void __launch_bounds__(FINISH_THREADS) write_rows(const float* a, long long as0, const float* b, long long bs0,
    int format, int coded, int kept, int rounds, byte* cache, int row_bytes, const int* slots)
{
    __shared__ float x[MOST_WIDTH];
    for (int i = threadIdx.x; i < coded; i += blockDim.x)
        x[i] = a[blockIdx.x * as0 + i];
    for (int i = threadIdx.x; i < kept; i += blockDim.x)
        x[coded + i] = b[blockIdx.x * bs0 + i];
    __syncthreads();
    encode_row(format, x, coded, kept, rounds != 0, cache + slots[blockIdx.x] * (long long)row_bytes);
}

// Positions from … of a sequence to y [count, width]. grid: count
extern "C" __global__ void read_rows(int format, int coded, int width, const byte* cache, int row_bytes, const int* blocks,
    int block_slots, int from, float* y, long long ys0)
{
    const byte* row = cache + slot_of(blocks, from + blockIdx.x, block_slots) * row_bytes;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[blockIdx.x * ys0 + i] = cached(format, row, coded, i);
}

extern "C" __global__ void __launch_bounds__(FINISH_THREADS) finish_latent(const float* rows, const float* norm, float epsilon,
    const int* positions, const float* frequencies, int interleaved, int format, int latent, int turned, byte* cache, int row_bytes,
    const int* slots)
{
    __shared__ float x[MOST_WIDTH];
    __shared__ float scratch[FINISH_THREADS / WARP];
    const float* row = rows + blockIdx.x * (long long)(latent + turned);
    float squares = 0;
    for (int i = threadIdx.x; i < latent + turned; i += blockDim.x)
    {
        x[i] = row[i];
        if (i < latent)
            squares = fmaf(row[i], row[i], squares);
    }

    float r = 1.0f / sqrtf(block_sum(squares, scratch) / latent + epsilon);
    for (int i = threadIdx.x; i < latent; i += blockDim.x)
        x[i] = norm[i] * (x[i] * r);
    float* key = x + latent;
    for (int pair = threadIdx.x; pair < turned / 2; pair += blockDim.x)
    {
        rotate(key[interleaved ? 2 * pair : pair], key[interleaved ? 2 * pair + 1 : pair + turned / 2], positions[blockIdx.x],
            frequencies[pair]);
    }

    __syncthreads();
    encode_row(format, x, latent, turned, false, cache + slots[blockIdx.x] * (long long)row_bytes);
}

extern "C" __global__ void __launch_bounds__(FINISH_THREADS) finish_index_key(const float* rows, const float* norm, const float* bias,
    float epsilon, const int* positions, const float* frequencies, int interleaved, int format, int width, int turned, byte* cache,
    int row_bytes, const int* slots)
{
    __shared__ float x[MOST_WIDTH];
    __shared__ float scratch[FINISH_THREADS / WARP];
    const float* row = rows + blockIdx.x * (long long)width;
    float sum = 0, squares = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        sum += row[i];
    float mean = block_sum(sum, scratch) / width;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        squares = fmaf(row[i] - mean, row[i] - mean, squares);
    float r = 1.0f / sqrtf(block_sum(squares, scratch) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        x[i] = (row[i] - mean) * r * norm[i] + bias[i];
    __syncthreads();
    for (int pair = threadIdx.x; pair < turned / 2; pair += blockDim.x)
    {
        rotate(x[interleaved ? 2 * pair : pair], x[interleaved ? 2 * pair + 1 : pair + turned / 2], positions[blockIdx.x],
            frequencies[pair]);
    }

    __syncthreads();
    encode_row(format, x, width, 0, true, cache + slots[blockIdx.x] * (long long)row_bytes);
}

// y [tokens, heads, turned] = the rotated tail of x [tokens, heads, nope + turned]
extern "C" __global__ void turn_query(const float* x, const int* positions, const float* frequencies, int interleaved, int heads,
    int nope, int turned, float* y, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        int pair = (int)(i % (turned / 2));
        long long row = i / (turned / 2);
        int first = interleaved ? 2 * pair : pair, second = interleaved ? 2 * pair + 1 : pair + turned / 2;
        const float* from = x + row * (nope + turned) + nope;
        float a = from[first], b = from[second];
        rotate(a, b, positions[row / heads], frequencies[pair]);
        y[row * turned + first] = a;
        y[row * turned + second] = b;
    }
}
