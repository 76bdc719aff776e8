// Products as plainly as they can be written, one thread a result: the twins that faster ones are held against, and what the
// composed attention runs on.
//
//   product_of_activations: y = a · b or a · bᵀ      widen_e4m3, widen_i8: stored codes to BF16 for cuBLASLt

extern "C" __global__ void product_of_activations(const float* a, long long as0, const float* b, long long bs0, int transposed,
    float* y, long long ys0, int outputs, int depth, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const float* row = a + i / outputs * as0;
        int n = (int)(i % outputs);
        float sum = 0;
        for (int k = 0; k < depth; k++)
            sum = fmaf(row[k], transposed ? b[n * bs0 + k] : b[k * bs0 + n], sum);
        y[i / outputs * ys0 + n] = sum;
    }
}

// Rows first … of a matrix of E4M3 codes to BF16 [rows, ld], zeros behind the width. grid: rows
extern "C" __global__ void widen_e4m3(const byte* w, int ld, const float* scales, int scale_columns, int part_rows, int part_blocks,
    int row_origin, int column_origin, int first, half_bits* y, int width)
{
    int row = first + blockIdx.x;
    int blocks = row / part_rows * part_blocks + (row % part_rows + row_origin) / BLOCK_SCALE;
    for (int k = threadIdx.x; k < ld; k += blockDim.x)
    {
        int column = k < width ? k : width - 1;
        float scale = k < width ? scales[(long long)blocks * scale_columns + (column + column_origin) / BLOCK_SCALE] : 0;
        y[(long long)blockIdx.x * ld + k] = to_bf16(from_e4m3(w[(long long)row * ld + column]) * scale);
    }
}

extern "C" __global__ void widen_i8(const signed char* w, int ld, const float* scales, int first, half_bits* y, int width)
{
    int row = first + blockIdx.x;
    for (int k = threadIdx.x; k < ld; k += blockDim.x)
        y[(long long)blockIdx.x * ld + k] = k < width ? to_bf16((float)w[(long long)row * ld + k] * scales[row]) : 0;
}
