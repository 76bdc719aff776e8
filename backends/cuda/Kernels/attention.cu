// Attention in latent space over the chosen rows of a paged cache, split over the keys:
//
//   logit[h, t] = (q[h] · c[t] + r[h] · k[t]) · scale;  P = softmax over the chosen t;  o[h] = Σ P[h, t] · c[t]
//
// Bytes at GLM-5 a token: 2,048 rows of 656 (FP8) 1.34 MB; FLOPs 2 · 64 · 2,048 · (576 + 512) = 285 M. Floors: 0.31 us of 4.3 TB/s,
// 4.3 us of the CUDA cores, 0.29 us of BF16 tensor cores: this kernel is bound by its FMAs at 64 heads, and at the 8 heads of TP8
// (35.7 MFLOP, 0.53 us) about as much by its gathers.
//
// A block has one token, up to 8 heads (a warp each) and 128 keys at most; keys are decoded once into shared memory, 16 at a time,
// for all its heads. Each leaves its maximum, its sum and its weighted rows; `join` adds up the splits in their order. How keys are
// split depends on their places in the selection alone, so that a token's result does not depend on the others.

#define ATTEND_HEADS 8
#define ATTEND_THREADS (ATTEND_HEADS * WARP)
#define SPLIT_KEYS 128
#define TILE_KEYS 16
#define MOST_LATENT_LANES 16     // 512 / 32
#define MOST_ROW_LANES 18        // (512 + 64) / 32
#define PARTIAL_EXTRA 2          // maximum and sum before the weighted rows

template <int FORMAT>
__device__ __forceinline__ void attend(const float* absorbed, const float* turned, int heads, int latent, int rope, float scale,
    const byte* cache, int row_bytes, const int* tables, int columns, int block_slots, const int* positions, const int* sequence_of,
    const int* chosen, int chosen_stride, float* partials, int splits)
{
    extern __shared__ float4 attend_shared[];
    float* rows = (float*)attend_shared;                // [TILE_KEYS][width]
    int width = latent + rope, token = blockIdx.x, split = blockIdx.z, lane = lane_index();
    int head = blockIdx.y * ATTEND_HEADS + warp_index();
    bool works = head < heads;
    int first = split * SPLIT_KEYS, all = chosen ? chosen_stride : positions[token] + 1;
    int end = first + SPLIT_KEYS < all ? first + SPLIT_KEYS : all;
    const int* blocks = tables + (long long)sequence_of[token] * columns;
    const int* selection = chosen ? chosen + (long long)token * chosen_stride : 0;

    long long query = (long long)token * heads + (works ? head : heads - 1);
    float q[MOST_ROW_LANES], sums[MOST_LATENT_LANES];
#pragma unroll
    for (int i = 0; i < MOST_ROW_LANES; i++)
    {
        int d = lane + i * WARP;
        q[i] = d < latent ? absorbed[query * latent + d] : d < width ? turned[query * rope + d - latent] : 0;
    }

#pragma unroll
    for (int i = 0; i < MOST_LATENT_LANES; i++)
        sums[i] = 0;
    float most = -infinity(), total = 0;
    for (int tile = first; tile < end; tile += TILE_KEYS)
    {
        int keys = end - tile < TILE_KEYS ? end - tile : TILE_KEYS;

        // Chosen positions ascend, and what is behind them is -1: a tile without any ends the work.
        if (selection && selection[tile] < 0)
            break;
        __syncthreads();
        for (int i = threadIdx.x; i < keys * width; i += ATTEND_THREADS)
        {
            int position = selection ? selection[tile + i / width] : tile + i / width;
            rows[i] = position < 0 ? 0 : cached<FORMAT>(cache + slot_of(blocks, position, block_slots) * row_bytes, latent, i % width);
        }

        __syncthreads();
        float logits[TILE_KEYS];
#pragma unroll
        for (int j = 0; j < TILE_KEYS; j++)
        {
            logits[j] = 0;
            if (j >= keys)
                continue;
#pragma unroll
            for (int i = 0; i < MOST_ROW_LANES; i++)
            {
                int d = lane + i * WARP;
                if (d < width)
                    logits[j] = fmaf(q[i], rows[j * width + d], logits[j]);
            }
        }

        // Lane l holds the logit of key l % 16 from here on.
        float logit = warp_sums<TILE_KEYS>(logits) * scale;
        int mine = lane % TILE_KEYS;
        bool is_there = mine < keys && (!selection || selection[tile + mine] >= 0);
        if (!is_there)
            logit = -infinity();
        // A logit that is no number is no maximum; its weight is none either, and spoils the token's head.
        float highest = fmaxf(most, warp_max(logit));
        float keep = most == -infinity() ? 0 : expf(most - highest);
        float weight = is_there ? expf(logit - highest) : 0;
        most = highest;
        float weights = 0;
#pragma unroll
        for (int i = 0; i < MOST_LATENT_LANES; i++)
            sums[i] *= keep;
        for (int j = 0; j < keys; j++)
        {
            float p = __shfl_sync(FULL_WARP, weight, j);
            weights += p;
#pragma unroll
            for (int i = 0; i < MOST_LATENT_LANES; i++)
            {
                int d = lane + i * WARP;
                if (d < latent)
                    sums[i] = fmaf(p, rows[j * width + d], sums[i]);
            }
        }

        total = total * keep + weights;
    }

    if (!works)
        return;
    float* into = partials + (((long long)token * heads + head) * splits + split) * (latent + PARTIAL_EXTRA);
    if (lane == 0)
    {
        into[0] = most;
        into[1] = total;
    }

    if (total == 0)
        return;
#pragma unroll
    for (int i = 0; i < MOST_LATENT_LANES; i++)
    {
        int d = lane + i * WARP;
        if (d < latent)
            into[PARTIAL_EXTRA + d] = sums[i];
    }
}

#define ATTEND(NAME, FORMAT) \
    extern "C" __global__ void __launch_bounds__(ATTEND_THREADS) NAME(const float* absorbed, const float* turned, int heads, \
        int latent, int rope, float scale, const byte* cache, int row_bytes, const int* tables, int columns, int block_slots, \
        const int* positions, const int* sequence_of, const int* chosen, int chosen_stride, float* partials, int splits) \
    { \
        attend<FORMAT>(absorbed, turned, heads, latent, rope, scale, cache, row_bytes, tables, columns, block_slots, positions, \
            sequence_of, chosen, chosen_stride, partials, splits); \
    }

ATTEND(attend_f32, ROW_F32)
ATTEND(attend_bf16, ROW_BF16)
ATTEND(attend_fp8, ROW_FP8)

// o[token, head] from its splits, in their order. grid: (tokens, heads)
extern "C" __global__ void join(const float* partials, int splits, int latent, float* y)
{
    long long head = (long long)blockIdx.x * gridDim.y + blockIdx.y;
    const float* from = partials + head * splits * (latent + PARTIAL_EXTRA);
    float most = -infinity(), total = 0;
    for (int s = 0; s < splits; s++)
    {
        const float* part = from + s * (latent + PARTIAL_EXTRA);
        if (part[1] != 0)
            most = fmaxf(most, part[0]);
    }

    for (int s = 0; s < splits; s++)
    {
        const float* part = from + s * (latent + PARTIAL_EXTRA);
        if (part[1] != 0)
            total += part[1] * expf(part[0] - most);
    }

    for (int d = threadIdx.x; d < latent; d += blockDim.x)
    {
        float sum = 0;
        for (int s = 0; s < splits; s++)
        {
            const float* part = from + s * (latent + PARTIAL_EXTRA);
            if (part[1] != 0)
                sum = fmaf(expf(part[0] - most), part[PARTIAL_EXTRA + d], sum);
        }

        y[head * latent + d] = total == 0 ? 0 : sum / total;
    }
}
