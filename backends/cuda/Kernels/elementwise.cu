// Element by element, over tensors of up to three dimensions whose last is contiguous.
//
//   sigmoid: y = 1 / (1 + e^-x)      relu: y = max(x, 0)      scale: y = f · x      fill: y = f
//   silu_mul: y[i] = silu(g[i]) · g[width + i]               mul, add: y = a · b, a + b, b broadcast over rows or columns
//   mask: x[r, j] = -inf where keys[j] < 0                    convert: F32 to BF16 and back, to nearest even
//
// Bytes: every element read and written once. At GLM-5's widths a decode step of 16 tokens moves 0.8 MB in silu_mul of the dense
// layers (16 x 36,864 floats with its result): 0.5 us at 4.3 TB/s, less than a launch costs. What the step does is fused elsewhere;
// these are the plain twins.

// Where element `column` of row `row` lies: rows run over all dimensions but the last, `inner` of them under one outer index.
__device__ __forceinline__ long long at(long long row, int column, int inner, long long outer_stride, long long inner_stride)
{
    return row / inner * outer_stride + row % inner * inner_stride + column;
}

#define EACH(i, count) \
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += (long long)gridDim.x * blockDim.x)

#define UNARY(NAME, RESULT) \
    extern "C" __global__ void NAME(const float* x, long long xs0, long long xs1, float* y, long long ys0, long long ys1, \
        int inner, int width, long long count, float factor) \
    { \
        EACH(i, count) \
        { \
            long long row = i / width; \
            int column = (int)(i % width); \
            float v = x[at(row, column, inner, xs0, xs1)]; \
            y[at(row, column, inner, ys0, ys1)] = RESULT; \
        } \
    }

UNARY(sigmoid_all, sigmoid(v))
UNARY(relu, v < 0 ? 0 : v)
UNARY(scale, v * factor)
UNARY(copy_floats, v)

extern "C" __global__ void fill(unsigned* y, unsigned bits, long long count)
{
    EACH(i, count)
        y[i] = bits;
}

extern "C" __global__ void silu_mul(const float* x, long long xs0, float* y, long long ys0, int width, long long count)
{
    EACH(i, count)
    {
        const float* gate = x + i / width * xs0 + i % width;
        y[i / width * ys0 + i % width] = silu(gate[0]) * gate[width];
    }
}

#define BINARY(NAME, OPERATION) \
    extern "C" __global__ void NAME(const float* a, long long as0, const float* b, long long bs0, int bs1, float* y, long long ys0, \
        int width, long long count) \
    { \
        EACH(i, count) \
        { \
            long long row = i / width; \
            int column = (int)(i % width); \
            y[row * ys0 + column] = OPERATION(a[row * as0 + column], b[row * bs0 + column * bs1]); \
        } \
    }

BINARY(mul, __fmul_rn)
BINARY(add, __fadd_rn)

extern "C" __global__ void mask(float* x, long long xs0, const int* keys, int width, long long count)
{
    EACH(i, count)
    {
        if (keys[i % width] < 0)
            x[i / width * xs0 + i % width] = -infinity();
    }
}

extern "C" __global__ void floats_to_bf16(const float* x, long long xs0, long long xs1, half_bits* y, long long ys0, long long ys1,
    int inner, int width, long long count)
{
    EACH(i, count)
    {
        long long row = i / width;
        int column = (int)(i % width);
        y[at(row, column, inner, ys0, ys1)] = to_bf16(x[at(row, column, inner, xs0, xs1)]);
    }
}

extern "C" __global__ void bf16_to_floats(const half_bits* x, long long xs0, long long xs1, float* y, long long ys0, long long ys1,
    int inner, int width, long long count)
{
    EACH(i, count)
    {
        long long row = i / width;
        int column = (int)(i % width);
        y[at(row, column, inner, ys0, ys1)] = from_bf16(x[at(row, column, inner, xs0, xs1)]);
    }
}

// sum[i] = Σ_r shares[r · stride + i], r ascending: the ranks' shares of a row-parallel product, the same on every rank.
extern "C" __global__ void sum_shares(const float* shares, long long stride, int ranks, float* sum, long long count)
{
    EACH(i, count)
    {
        float total = shares[i];
        for (int r = 1; r < ranks; r++)
            total += shares[r * stride + i];
        sum[i] = total;
    }
}

// x [rows, groups, depth] to BF16 [rows, groups, width], zeros behind the depth: the rows that tensor cores multiply.
extern "C" __global__ void round_padded(const float* x, long long xs0, long long xs1, half_bits* y, int groups, int depth, int width,
    long long count)
{
    EACH(i, count)
    {
        long long row = i / width;
        int column = (int)(i % width);
        y[i] = column < depth ? to_bf16(x[at(row, column, groups, xs0, xs1)]) : 0;
    }
}
