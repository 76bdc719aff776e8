// Choosing among elements. Ties go to the lowest index everywhere; what is no number, or -inf, is never chosen.
//
//   top_k: the k largest of a row as ascending indices, -1 behind them
//   arg_max, fill_choices, group_by_expert (a stable counting sort)
//   route: g = sigmoid(logits); the k largest of g + bias; weights g / (Σ g + 1e-20) · factor
//
// top_k is a radix select: four passes of 8 bits over a row find the k-th largest value and how many of its equals are taken, a fifth
// writes. Bytes at GLM-5 with 64k of context: 5 reads of 256 KB, all but the first from L2; floor 0.06 us of 4.3 TB/s a row, far below
// the latency of its passes.

#define BINS 256
#define SELECT_THREADS 256

// Ascending unsigned integers for ascending floats; 0 for what is never chosen.
__device__ __forceinline__ unsigned rank_of(float x)
{
    if (!(x > -infinity()))
        return 0;
    unsigned bits = __float_as_uint(x + 0.0f);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Sums of what the threads before this one hold; the block's sum goes to *total. counts: one int a thread.
__device__ int sum_before(int mine, int* counts, int* total)
{
    counts[threadIdx.x] = mine;
    __syncthreads();
    for (int apart = 1; apart < SELECT_THREADS; apart *= 2)
    {
        int more = (int)threadIdx.x >= apart ? counts[threadIdx.x - apart] : 0;
        __syncthreads();
        counts[threadIdx.x] += more;
        __syncthreads();
    }

    *total = counts[SELECT_THREADS - 1];
    int before = counts[threadIdx.x] - mine;
    __syncthreads();
    return before;
}

// One block a row. lengths: elements of each row that are looked at, less one (positions); null: all.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS)
top_k(const float* x, long long xs0, const int* last, int width, int* into, long long is0, int k)
{
    __shared__ int bins[BINS];
    __shared__ int counts[SELECT_THREADS];
    __shared__ unsigned prefix_shared;
    __shared__ int wanted_shared;
    const float* row = x + blockIdx.x * xs0;
    int* chosen = into + blockIdx.x * is0;
    int length = last ? last[blockIdx.x] + 1 : width;
    if (length > width)
        length = width;

    // The value of the k-th largest, 8 bits at a time: of those that share the bits found so far, the wanted-th.
    unsigned prefix = 0, found = 0;
    int wanted = k;
    for (int shift = 24; shift >= 0; shift -= 8)
    {
        bins[threadIdx.x] = 0;
        __syncthreads();
        for (int i = threadIdx.x; i < length; i += SELECT_THREADS)
        {
            unsigned rank = rank_of(row[i]);
            if (rank != 0 && (rank & found) == prefix)
                atomicAdd(&bins[(rank >> shift) & (BINS - 1)], 1);
        }

        __syncthreads();
        if (threadIdx.x == 0)
        {
            int bin = BINS - 1;
            for (; bin > 0 && bins[bin] < wanted; bin--)
                wanted -= bins[bin];
            prefix_shared = prefix | ((unsigned)bin << shift);
            wanted_shared = wanted;
        }

        __syncthreads();
        prefix = prefix_shared;
        wanted = wanted_shared;
        found |= (unsigned)(BINS - 1) << shift;
        __syncthreads();
    }

    // Every thread has a stretch of the row; those of lower index come first, of equals the first `wanted` are taken.
    int stretch = (length + SELECT_THREADS - 1) / SELECT_THREADS, first = threadIdx.x * stretch;
    int end = first + stretch < length ? first + stretch : length;
    int above = 0, equal = 0, sum_above, sum_equal;
    for (int i = first; i < end; i++)
    {
        unsigned rank = rank_of(row[i]);
        above += rank > prefix;
        equal += rank == prefix && rank != 0;
    }

    int equal_before = sum_before(equal, counts, &sum_equal), above_before = sum_before(above, counts, &sum_above);
    int taken = equal_before < wanted ? equal_before : wanted, place = above_before + taken;
    for (int i = first; i < end; i++)
    {
        unsigned rank = rank_of(row[i]);
        bool takes = rank > prefix || (rank == prefix && rank != 0 && taken < wanted);
        taken += takes && rank == prefix;
        if (takes)
            chosen[place++] = i;
    }

    int all = sum_above + (sum_equal < wanted ? sum_equal : wanted);
    for (int i = all + threadIdx.x; i < k; i += SELECT_THREADS)
        chosen[i] = -1;
}

// One block a row.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) arg_max(const float* x, long long xs0, int width, int* into)
{
    __shared__ float values[SELECT_THREADS];
    __shared__ int indices[SELECT_THREADS];
    const float* row = x + blockIdx.x * xs0;
    float best = -infinity();
    int index = 0;
    for (int i = threadIdx.x; i < width; i += SELECT_THREADS)
    {
        if (row[i] > best)
        {
            best = row[i];
            index = i;
        }
    }

    values[threadIdx.x] = best;
    indices[threadIdx.x] = index;
    for (int apart = SELECT_THREADS / 2; apart > 0; apart /= 2)
    {
        __syncthreads();
        if ((int)threadIdx.x < apart)
        {
            float other = values[threadIdx.x + apart];
            int place = indices[threadIdx.x + apart];
            bool wins = other > values[threadIdx.x]
                || (other == values[threadIdx.x] && other > -infinity() && place < indices[threadIdx.x]);
            if (wins)
            {
                values[threadIdx.x] = other;
                indices[threadIdx.x] = place;
            }
        }
    }

    if (threadIdx.x == 0)
        into[blockIdx.x] = values[0] > -infinity() ? indices[0] : 0;
}

__device__ void fill_row(int* chosen, int k)
{
    int open = 0;
    for (int i = 0; i < k; i++)
    {
        if (chosen[i] >= 0)
            continue;
        for (bool taken = true; taken; open += taken)
        {
            taken = false;
            for (int j = 0; j < k; j++)
                taken |= chosen[j] == open;
        }

        chosen[i] = open;
    }
}

extern "C" __global__ void fill_choices(int* chosen, long long cs0, int k, int rows)
{
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < rows)
        fill_row(chosen + row * cs0, k);
}

// One block. Threads take experts in turn; the pairs of each are numbered in their order, so that the sort is stable.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS)
group_by_expert(const int* experts, int pairs, int k, int count, int* token_of, int* sorted_row, int* offsets)
{
    __shared__ int counts[SELECT_THREADS];
    int base = 0;
    for (int from = 0; from < count; from += SELECT_THREADS)
    {
        int expert = from + threadIdx.x, mine = 0, total;
        for (int p = 0; p < pairs; p++)
            mine += experts[p] == expert && expert < count;
        int row = base + sum_before(mine, counts, &total);
        if (expert < count)
        {
            offsets[expert] = row;
            for (int p = 0; p < pairs; p++)
            {
                if (experts[p] != expert)
                    continue;
                token_of[row] = p / k;
                sorted_row[p] = row++;
            }
        }

        base += total;
    }

    if (threadIdx.x == 0)
        offsets[count] = base;
}

// One block a token. logits [tokens, experts]; shared: experts floats of g, then experts of g + bias.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS)
route(const float* logits, const float* bias, int experts, int k, int normalizes, float factor, int* ids, float* weights)
{
    extern __shared__ float4 route_shared[];
    float* gates = (float*)route_shared;
    float* biased = gates + experts;
    for (int e = threadIdx.x; e < experts; e += blockDim.x)
    {
        gates[e] = sigmoid(logits[blockIdx.x * (long long)experts + e]);
        biased[e] = gates[e] + bias[e];
    }

    __syncthreads();
    if (threadIdx.x >= WARP)
        return;

    // k is 8: a warp takes the best of what is left, k times.
    int* chosen = ids + (long long)blockIdx.x * k;
    float* shares = weights + (long long)blockIdx.x * k;
    bool complete = true;
    for (int c = 0; c < k; c++)
    {
        float best = -infinity();
        int index = experts;
        for (int e = threadIdx.x; e < experts; e += WARP)
        {
            if (biased[e] > best)
            {
                best = biased[e];
                index = e;
            }
        }

        for (int apart = WARP / 2; apart > 0; apart /= 2)
        {
            float other = __shfl_xor_sync(FULL_WARP, best, apart);
            int place = __shfl_xor_sync(FULL_WARP, index, apart);
            if (other > best || (other == best && place < index))
            {
                best = other;
                index = place;
            }
        }

        complete &= index < experts;
        if (threadIdx.x == 0)
        {
            chosen[c] = index < experts ? index : -1;
            if (index < experts)
                biased[index] = -infinity();
        }

        __syncwarp();
    }

    if (threadIdx.x != 0)
        return;

    // Ascending ids, by insertion: k is small.
    for (int c = 1; c < k; c++)
    {
        int id = chosen[c], place = c;
        for (; place > 0 && id >= 0 && chosen[place - 1] > id; place--)
            chosen[place] = chosen[place - 1];
        chosen[place] = id;
    }

    float sum = 0;
    for (int c = 0; c < k; c++)
        sum += chosen[c] < 0 ? not_a_number() : gates[chosen[c]];
    for (int c = 0; c < k; c++)
    {
        float gate = chosen[c] < 0 ? not_a_number() : gates[chosen[c]];
        shares[c] = normalizes ? gate / (sum + 1e-20f) * factor : gate * factor;
    }

    if (!complete)
        fill_row(chosen, k);
}

// y[t] = Σ_c weight[t, c] · results[sorted_row[t, c]], c ascending; choices whose rows are not the rank's are left out. held: the
// offsets of the rank's experts, the first and the one behind the last.
extern "C" __global__ void combine(const float* results, const int* sorted_row, const float* weights, const int* held, int held_count,
    int k, float* y, long long ys0, int width, long long count)
{
    int first = held[0], end = held[held_count];
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        long long token = i / width;
        int column = (int)(i % width);
        float sum = 0;
        for (int c = 0; c < k; c++)
        {
            int row = sorted_row[token * k + c];
            if (row >= first && row < end)
                sum += __fmul_rn(weights[token * k + c], results[(long long)row * width + column]);
        }

        y[token * ys0 + column] = sum;
    }
}
