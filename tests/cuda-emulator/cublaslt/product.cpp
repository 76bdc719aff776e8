#include "cublaslt/product.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace emu {

namespace {

constexpr size_t kWide = 256;   ///< outputs side by side in one strip
constexpr size_t kDeep = 256;   ///< of the inner dimension at once
constexpr size_t kNarrow = 8;   ///< outputs that share a pass over the strip

/// One operand as the product sees it: element (outer, inner), outer along m or n, inner along k.
struct Operand {
    uintptr_t address;
    int type;
    size_t outerStride, innerStride;

    float at(size_t outer, size_t inner) const { return load(address, outer * outerStride + inner * innerStride, type); }
};

Operand operand(const Layout &layout, uintptr_t address, bool outerIsRow, size_t batch)
{
    const auto ld = static_cast<size_t>(layout.ld);
    const size_t row = layout.order == 0 ? 1 : ld, column = layout.order == 0 ? ld : 1;
    const auto shift = static_cast<int64_t>(batch) * layout.stride * static_cast<int64_t>(bytes_of_type(layout.type));
    return {address + static_cast<uintptr_t>(shift), layout.type, outerIsRow ? row : column, outerIsRow ? column : row};
}

/// sums[narrow][wide] += narrowPart[narrow][depth] * widePart[depth][wide], every sum over k ascending.
#if defined(__x86_64__) && !defined(__clang__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
void multiply(float *__restrict__ sums, const float *__restrict__ narrowPart, const float *__restrict__ widePart, size_t narrow, size_t depth)
{
    for (size_t inner = 0; inner < depth; inner++) {
        const float *wide = widePart + inner * kWide;
        for (size_t i = 0; i < narrow; i++) {
            const float factor = narrowPart[i * kDeep + inner];
            float *sum = sums + i * kWide;
            for (size_t j = 0; j < kWide; j++) {
                sum[j] += factor * wide[j];
            }
        }
    }
}

float scalar(uintptr_t address, float otherwise)
{
    return address != 0 ? *reinterpret_cast<const float *>(address) : otherwise;
}

} // namespace

void Product::run() const
{
    const float factor = scalar(alphaPointer, alpha) * scalar(scaleA, 1) * scalar(scaleB, 1);
    const float share = scalar(betaPointer, beta) * scalar(scaleC, 1);
    const float outScale = scalar(scaleD, 1);
    const bool mIsWide = m >= n;
    const size_t wide = mIsWide ? m : n, narrow = mIsWide ? n : m;
    std::vector<float> widePart(kDeep * kWide), narrowPart(kNarrow * kDeep), sums(narrow * kWide);
    float amax = 0;
    for (size_t batch = 0; batch < static_cast<size_t>(d.batches); batch++) {
        const Operand left = operand(a, aAddress, !transA, batch), right = operand(b, bAddress, transB, batch);
        const Operand &wideOperand = mIsWide ? left : right, &narrowOperand = mIsWide ? right : left;
        const Operand in = operand(c, cAddress, true, batch), out = operand(d, dAddress, true, batch);
        for (size_t from = 0; from < wide; from += kWide) {
            const size_t width = std::min(kWide, wide - from);
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (size_t inner = 0; inner < k; inner += kDeep) {
                const size_t depth = std::min(kDeep, static_cast<size_t>(k) - inner);
                for (size_t i = 0; i < depth; i++) {
                    for (size_t j = 0; j < width; j++) {
                        widePart[i * kWide + j] = wideOperand.at(from + j, inner + i);
                    }
                }
                for (size_t first = 0; first < narrow; first += kNarrow) {
                    const size_t rows = std::min(kNarrow, narrow - first);
                    for (size_t i = 0; i < rows; i++) {
                        for (size_t j = 0; j < depth; j++) {
                            narrowPart[i * kDeep + j] = narrowOperand.at(first + i, inner + j);
                        }
                    }
                    multiply(sums.data() + first * kWide, narrowPart.data(), widePart.data(), rows, depth);
                }
            }
            for (size_t i = 0; i < narrow; i++) {
                for (size_t j = 0; j < width; j++) {
                    const size_t row = mIsWide ? from + j : i, column = mIsWide ? i : from + j;
                    float value = factor * sums[i * kWide + j];
                    value += share != 0 ? share * in.at(row, column) : 0;
                    value += bias != 0 ? load(bias, static_cast<size_t>(static_cast<int64_t>(batch) * biasStride) + row, biasType) : 0;
                    value = relu ? std::max(value, 0.0f) : value;
                    value = gelu ? 0.5f * value * (1 + std::tanh(0.7978845608f * (value + 0.044715f * value * value * value))) : value;
                    amax = std::max(amax, std::fabs(value));
                    store(out.address, row * out.outerStride + column * out.innerStride, d.type, value * outScale);
                }
            }
        }
    }
    if (amaxD != 0) {
        *reinterpret_cast<float *>(amaxD) = amax;
    }
}

} // namespace emu
