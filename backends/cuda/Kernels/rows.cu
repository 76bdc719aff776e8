// Row by row: norms, softmax, rotation, quantisation, moving rows.
//
//   rms_norm: y = w · x · rsqrt(mean(x²) + ε)              layer_norm: y = (x - mean) · rsqrt(var + ε) · w + b
//   add_norm: h += x, y = rms_norm(h)                      softmax: y = e^(s·x - max) / Σ
//   rope: pairs turned by position · frequency             quantize: groups of 128 to E4M3, scale = max|x| / 448
//
// add_norm at GLM-5 (6,144 wide, 4 floats moved an element): 98 KB a token, 0.02 us of 4.3 TB/s; 16 tokens 0.4 us. One block a row,
// statistics in F32 over registers: two reads of a row at most, the second from L1. Its floor is the launch.

#define MOST_WARPS 32

extern "C" __global__ void rms_norm(const float* x, long long xs0, const float* w, float epsilon, float* y, long long ys0, int width)
{
    __shared__ float scratch[MOST_WARPS];
    const float* row = x + blockIdx.x * xs0;
    float squares = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        squares = fmaf(row[i], row[i], squares);
    float r = 1.0f / sqrtf(block_sum(squares, scratch) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[blockIdx.x * ys0 + i] = w[i] * (row[i] * r);
}

extern "C" __global__ void add_norm(const float* x, float* h, const float* w, float epsilon, float* y, int width)
{
    __shared__ float scratch[MOST_WARPS];
    long long row = (long long)blockIdx.x * width;
    float squares = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        float v = h[row + i] + x[row + i];
        h[row + i] = v;
        squares = fmaf(v, v, squares);
    }

    float r = 1.0f / sqrtf(block_sum(squares, scratch) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[row + i] = w[i] * (h[row + i] * r);
}

extern "C" __global__ void layer_norm(const float* x, long long xs0, const float* w, const float* b, float epsilon, float* y,
    long long ys0, int width)
{
    __shared__ float scratch[MOST_WARPS];
    const float* row = x + blockIdx.x * xs0;
    float sum = 0, squares = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        sum += row[i];
    float mean = block_sum(sum, scratch) / width;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        squares = fmaf(row[i] - mean, row[i] - mean, squares);
    float r = 1.0f / sqrtf(block_sum(squares, scratch) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[blockIdx.x * ys0 + i] = (row[i] - mean) * r * w[i] + b[i];
}

extern "C" __global__ void softmax(float* x, long long xs0, float factor, int width)
{
    __shared__ float scratch[MOST_WARPS];
    float* row = x + blockIdx.x * xs0;
    float most = -infinity(), sum = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        most = fmaxf(most, factor * row[i]);
    most = block_max(most, scratch);
    bool empty = most == -infinity();
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        row[i] = empty ? 0 : expf(factor * row[i] - most);
        sum += row[i];
    }

    sum = block_sum(sum, scratch);
    for (int i = threadIdx.x; i < width && !empty; i += blockDim.x)
        row[i] /= sum;
}

extern "C" __global__ void normalize_rows(float* x, long long xs0, float epsilon, float factor, int width, int rows)
{
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    float sum = 0;
    for (int i = 0; i < width; i++)
        sum += x[row * xs0 + i];
    for (int i = 0; i < width; i++)
        x[row * xs0 + i] = x[row * xs0 + i] / (sum + epsilon) * factor;
}

// x [rows, heads, width] to y [rows, width]
extern "C" __global__ void reduce_sum(const float* x, long long xs0, long long xs1, int heads, float* y, long long ys0, int width,
    long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const float* from = x + i / width * xs0 + i % width;
        float sum = 0;
        for (int h = 0; h < heads; h++)
            sum += from[h * xs1];
        y[i / width * ys0 + i % width] = sum;
    }
}

// x [tokens, heads, 2 · pairs] in place
extern "C" __global__ void rope(float* x, long long xs0, long long xs1, const int* positions, const float* frequencies, int heads,
    int pairs, int interleaved, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        int pair = (int)(i % pairs);
        long long row = i / pairs, token = row / heads;
        float* head = x + token * xs0 + row % heads * xs1;
        float& a = head[interleaved ? 2 * pair : pair];
        float& b = head[interleaved ? 2 * pair + 1 : pair + pairs];
        rotate(a, b, positions[token], frequencies[pair]);
    }
}

// Rows of a table by id; an id that it lacks gives NaN, which spoils its own sequence and nobody else's.
extern "C" __global__ void embed(const void* table, int is_bf16, long long ld, int rows, const int* ids, float* y, long long ys0,
    int width)
{
    int id = ids[blockIdx.x];
    bool exists = id >= 0 && id < rows;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        long long from = id * ld + i;
        y[blockIdx.x * ys0 + i] = !exists ? not_a_number()
            : is_bf16 ? from_bf16(((const half_bits*)table)[from]) : ((const float*)table)[from];
    }
}

extern "C" __global__ void gather_rows(const float* x, long long xs0, const int* indices, float* y, long long ys0, int width)
{
    int from = indices[blockIdx.x];
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[blockIdx.x * ys0 + i] = from < 0 ? 0 : x[from * xs0 + i];
}

extern "C" __global__ void scatter_rows(const float* x, long long xs0, const int* indices, float* y, long long ys0, int width)
{
    int to = indices[blockIdx.x];
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        y[to * ys0 + i] = x[blockIdx.x * xs0 + i];
}

extern "C" __global__ void gather_columns(const float* x, long long xs0, const int* indices, float* y, int k, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
        y[i] = indices[i] < 0 ? not_a_number() : x[i / k * xs0 + indices[i]];
}

// One warp a group of 128. grid: (rows, groups)
extern "C" __global__ void quantize(const float* x, long long xs0, byte* codes, long long cs0, float* scales, long long ss0, int width)
{
    int first = blockIdx.y * BLOCK_SCALE, end = first + BLOCK_SCALE < width ? first + BLOCK_SCALE : width;
    const float* row = x + blockIdx.x * xs0;
    float most = 1e-10f;
    for (int i = first + threadIdx.x; i < end; i += WARP)
        most = fmaxf(most, fabsf(row[i]));
    float unit = warp_max(most) / LARGEST_E4M3;
    for (int i = first + threadIdx.x; i < end; i += WARP)
        codes[blockIdx.x * cs0 + i] = to_e4m3(row[i] / unit);
    if (threadIdx.x == 0)
        scales[blockIdx.x * ss0 + blockIdx.y] = unit;
}
