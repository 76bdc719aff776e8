// Scores of the lightning indexer over a paged cache of keys:
//
//   score[s, t] = Σ_h w[s, h] · relu((q[s, h] · k[t]) · width^-0.5)   for positions t up to s's own
//
// Bytes at GLM-5 (32 heads of 128, FP8 keys): 132 a key and 4 for its score; FLOPs 8,192 a key. 64k of context: 8.7 MB and 0.54 GFLOP
// a token, floors 2.1 us of 4.3 TB/s and 8 us of the CUDA cores' 67 TFLOP/s (0.5 us of BF16 tensor cores): this kernel is bound by its FMAs.
//
// A thread has one key in registers and goes through the heads, whose queries and weights lie in shared memory and are read by all
// threads at once. Contexts are read from device memory: blocks behind a token's own position end at once.

#define SCORE_THREADS 128
#define MOST_INDEX_WIDTH 128

template <int FORMAT>
__device__ __forceinline__ void score(const float* query, const float* head_weights, int heads, int width, float factor,
    const byte* cache, int row_bytes, const int* tables, int columns, int block_slots, const int* positions, const int* sequence_of,
    float* scores, long long scores_stride)
{
    extern __shared__ float4 score_shared[];
    float* queries = (float*)score_shared;              // [heads][128], zeros behind the width
    float* weights = queries + heads * MOST_INDEX_WIDTH;
    int token = blockIdx.y, last = positions[token];
    if ((int)blockIdx.x * SCORE_THREADS > last)
        return;
    for (int i = threadIdx.x; i < heads * MOST_INDEX_WIDTH; i += SCORE_THREADS)
    {
        int h = i / MOST_INDEX_WIDTH, d = i % MOST_INDEX_WIDTH;
        queries[i] = d < width ? query[((long long)token * heads + h) * width + d] : 0;
    }

    for (int h = threadIdx.x; h < heads; h += SCORE_THREADS)
        weights[h] = head_weights[(long long)token * heads + h];
    __syncthreads();
    int position = blockIdx.x * SCORE_THREADS + threadIdx.x;
    if (position > last)
        return;
    const int* blocks = tables + (long long)sequence_of[token] * columns;
    const byte* row = cache + slot_of(blocks, position, block_slots) * row_bytes;
    float key[MOST_INDEX_WIDTH];
#pragma unroll
    for (int d = 0; d < MOST_INDEX_WIDTH; d++)
        key[d] = d < width ? cached<FORMAT>(row, width, d) : 0;
    float sum = 0;
    for (int h = 0; h < heads; h++)
    {
        const float4* q = (const float4*)(queries + h * MOST_INDEX_WIDTH);
        float product = 0;
#pragma unroll
        for (int d = 0; d < MOST_INDEX_WIDTH / 4; d++)
        {
            float4 four = q[d];
            product = fmaf(four.x, key[4 * d], product);
            product = fmaf(four.y, key[4 * d + 1], product);
            product = fmaf(four.z, key[4 * d + 2], product);
            product = fmaf(four.w, key[4 * d + 3], product);
        }

        product *= factor;
        sum += weights[h] * (product < 0 ? 0 : product);
    }

    scores[token * scores_stride + position] = sum;
}

#define SCORE(NAME, FORMAT) \
    extern "C" __global__ void __launch_bounds__(SCORE_THREADS) NAME(const float* query, const float* head_weights, int heads, \
        int width, float factor, const byte* cache, int row_bytes, const int* tables, int columns, int block_slots, \
        const int* positions, const int* sequence_of, float* scores, long long scores_stride) \
    { \
        score<FORMAT>(query, head_weights, heads, width, factor, cache, row_bytes, tables, columns, block_slots, positions, \
            sequence_of, scores, scores_stride); \
    }

SCORE(index_scores_f32, ROW_F32)
SCORE(index_scores_bf16, ROW_BF16)
SCORE(index_scores_fp8, ROW_FP8)
