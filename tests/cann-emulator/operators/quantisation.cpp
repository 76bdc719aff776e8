// INT8 activations and weights. Reference: ops-nn quant/dynamic_quant/docs/aclnnDynamicQuant.md, matmul/quant_batch_matmul_v3/docs/aclnnQuantMatmulV4.md
// and aclnnQuantMatmulWeightNz.md, matmul/quant_batch_matmul_v4/docs/aclnnQuantMatmulV5.md.
#include "operators/quantisation.h"

#include <algorithm>
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/layout.h"
#include "runtime/codes.h"

namespace emu {

float quantise_row(float *row, size_t width)
{
    float most = 0;
    for (size_t i = 0; i < width; i++) {
        most = std::fmax(most, std::fabs(row[i]));
    }
    const float scale = most / 127.0f;
    for (size_t i = 0; i < width; i++) {
        row[i] = scale == 0 ? 0.0f : std::fmin(std::fmax(std::nearbyint(row[i] / scale), -128.0f), 127.0f);
    }
    return scale;
}

std::vector<float> scales_from(const Tensor &tensor)
{
    if (tensor.type != ACL_UINT64 && tensor.type != ACL_INT64) {
        return to_floats(tensor);
    }
    // What aclnnTransQuantParam packs: the FP32 scale in the low 32 bits.
    std::vector<float> scales;
    for (const int64_t packed : to_integers(tensor)) {
        scales.push_back(from_bits(static_cast<uint32_t>(packed)));
    }
    return scales;
}

aclnnStatus aclnnDynamicQuantGetWorkspaceSize(const aclTensor *x, const aclTensor *smoothScalesOptional, const aclTensor *yOut, const aclTensor *scaleOut,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnDynamicQuant", workspaceSize, executor);
    const Operand a = call.input(x, "x", {ACL_FLOAT16, ACL_BF16});
    const Operand m = call.optional(smoothScalesOptional, "smoothScalesOptional", {ACL_FLOAT16, ACL_BF16});
    const Operand y = call.output(yOut, "yOut", {ACL_INT8});
    const Operand s = call.output(scaleOut, "scaleOut", {ACL_FLOAT});
    call.require(call[a].rank() >= 2, "x has %d dimensions, allowed are 2 to 8", call[a].rank());
    if (m) {
        call.require(call[m].type == call[a].type, "smoothScalesOptional differs from x in type");
        call.require_shape(m, {call[a].dim(-1)});
    }
    call.require_shape(y, call[a].shape);
    call.require_shape(s, Shape(call[a].shape.begin(), call[a].shape.end() - 1));
    return call.plan([=](const Operands &t) {
        std::vector<float> values = to_floats(t[a]);
        const size_t width = static_cast<size_t>(t[a].dim(-1));
        const std::vector<float> smooth = m ? to_floats(t[m]) : std::vector<float>(width, 1.0f);
        std::vector<float> scales;
        for (size_t start = 0; start < values.size(); start += width) {
            for (size_t i = 0; i < width; i++) {
                values[start + i] *= smooth[i];
            }
            scales.push_back(quantise_row(values.data() + start, width));
        }
        from_floats(t[y], values);
        from_floats(t[s], scales);
    });
}

namespace {

struct QuantArguments {
    const aclTensor *x1, *x2, *scale, *offset, *perToken, *bias;
    bool transposeX1, transposeX2;
    const aclTensor *out;
    bool packedOnly; ///< x2 must be NZ
    bool fifth; ///< V5 and WeightNz: the order of the scales is theirs
};

/// The combinations of types that the pages list for A2 and A3 with INT8 on both sides.
void check_combination(Call &call, Operand scale, Operand offset, Operand perToken, Operand bias, Operand out)
{
    const aclDataType result = call[out].type;
    const aclDataType scales = call[scale].type;
    const bool packed = scales == ACL_UINT64 || scales == ACL_INT64;
    const aclDataType added = bias ? call[bias].type : ACL_INT32;
    call.require(!offset || result == ACL_INT8, "offset goes with an INT8 out only");
    bool allowed = false;
    if (packed) {
        allowed = !perToken && added == ACL_INT32 && (result == ACL_FLOAT16 || result == ACL_INT8);
    } else if (result == ACL_BF16) {
        allowed = added == ACL_INT32 || added == ACL_BF16 || added == ACL_FLOAT;
    } else if (result == ACL_FLOAT16) {
        allowed = scales == ACL_FLOAT && perToken && (added == ACL_INT32 || added == ACL_FLOAT16 || added == ACL_FLOAT);
    } else if (result == ACL_INT32) {
        allowed = !perToken && added == ACL_INT32;
    }
    call.require(allowed, "scale %s, bias %s, pertoken scale %s, out %s is no listed combination", name_of(scales), bias ? name_of(added) : "absent",
        perToken ? "given" : "absent", name_of(result));
}

aclnnStatus quant_matmul(const char *op, const QuantArguments &given, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = call.input(given.x1, "x1", {ACL_INT8});
    const Operand b = call.or_nz().input(given.x2, "x2", {ACL_INT8});
    const std::initializer_list<aclDataType> scaleTypes = {ACL_UINT64, ACL_INT64, ACL_FLOAT, ACL_BF16};
    Operand s, z, p;
    if (given.fifth) {
        p = call.optional(given.perToken, "x1Scale", {ACL_FLOAT});
        s = call.input(given.scale, "x2Scale", scaleTypes);
        for (const char *absent : {"yScale", "x1Offset", "x2Offset"}) {
            call.optional(nullptr, absent);
        }
        z = call.optional(given.offset, "yOffset", {ACL_FLOAT});
    } else {
        s = call.input(given.scale, "scale", scaleTypes);
        z = call.optional(given.offset, "offset", {ACL_FLOAT});
        p = call.optional(given.perToken, "pertokenScaleOptional", {ACL_FLOAT});
    }
    const Operand c = call.optional(given.bias, "bias", {ACL_INT32, ACL_BF16, ACL_FLOAT16, ACL_FLOAT});
    const Operand o = call.output(given.out, "out", {ACL_FLOAT16, ACL_BF16, ACL_INT8, ACL_INT32});
    check_combination(call, s, z, p, c, o);
    call.require(!given.packedOnly || call[b].format == ACL_FORMAT_FRACTAL_NZ, "x2 is ND, this operator takes FRACTAL_NZ");
    call.require(call[a].rank() >= 2 && call[a].rank() <= 6, "x1 has %d dimensions, allowed are 2 to 6", call[a].rank());
    const int64_t m = call[a].dim(given.transposeX1 ? -1 : -2);
    const int64_t k = call[a].dim(given.transposeX1 ? -2 : -1);
    Weight weight = weight_of(call, b, "x2");
    const int64_t n = call[o].dim(-1);
    int64_t &inner = given.transposeX2 ? weight.columns : weight.rows;
    int64_t &outer = given.transposeX2 ? weight.rows : weight.columns;
    const bool blocked = call[b].format == ACL_FORMAT_FRACTAL_NZ && call[b].rank() >= 4;
    call.require(blocked ? (inner >= k && inner < k + 32 && outer >= n && outer < n + 32) : (inner == k && outer == n),
        "x1 has K %lld, out N %lld, x2 is %lld by %lld", static_cast<long long>(k), static_cast<long long>(n), static_cast<long long>(inner),
        static_cast<long long>(outer));
    const bool unlimited = call[s].type == ACL_FLOAT || call[s].type == ACL_BF16; // and scales of one dimension, which they are
    const int64_t lastX1 = call[a].dim(-1);
    const int64_t lastX2 = given.transposeX2 ? k : n;
    call.require((lastX1 <= 65535 && lastX2 <= 65535) || (unlimited && p), "the last dimension of x1 or x2 exceeds 65535");
    const int64_t batches = call[a].count() / std::max<int64_t>(m * k, 1);
    call.require(weight.batches == 1 || weight.batches == batches, "x1 has %lld batches, x2 %lld", static_cast<long long>(batches),
        static_cast<long long>(weight.batches));
    Shape expected(call[a].shape.begin(), call[a].shape.end() - 2);
    expected.insert(expected.end(), {m, n});
    call.require_shape(o, expected);
    call.require(call[s].rank() == 1 && (call[s].dim(0) == 1 || call[s].dim(0) == n), "scale has shape %s, expected [1] or [%lld]",
        text_of(call[s].shape).c_str(), static_cast<long long>(n));
    if (p) {
        call.require_shape(p, {m});
    }
    if (c) {
        call.require(call[c].shape == Shape{n} || (call[a].rank() == 3 && call[c].count() == batches * n), "bias has shape %s, expected [%lld]",
            text_of(call[c].shape).c_str(), static_cast<long long>(n));
    }
    call.workspace(1024);
    const bool transposeX1 = given.transposeX1;
    const bool transposeX2 = given.transposeX2;
    return call.plan([=](const Operands &x) {
        const std::vector<float> left = to_floats(x[a]);
        const std::vector<float> scales = scales_from(x[s]);
        const std::vector<float> tokens = p ? to_floats(x[p]) : std::vector<float>();
        const std::vector<float> added = c ? to_floats(x[c]) : std::vector<float>();
        const float offset = z ? to_floats(x[z])[0] : 0.0f;
        const bool integers = c && x[c].type == ACL_INT32;
        std::vector<float> result;
        result.reserve(static_cast<size_t>(x[o].count()));
        std::vector<float> right;
        std::vector<int64_t> sums(static_cast<size_t>(n));
        for (int64_t batch = 0; batch < batches; batch++) {
            if (batch == 0 || weight.batches > 1) {
                right = weight_values(x[b], weight, batch % weight.batches);
            }
            for (int64_t row = 0; row < m; row++) {
                std::fill(sums.begin(), sums.end(), 0);
                for (int64_t i = 0; i < k; i++) {
                    const float *matrix = left.data() + batch * m * k;
                    const int32_t factor = static_cast<int32_t>(transposeX1 ? matrix[i * m + row] : matrix[row * k + i]);
                    for (int64_t j = 0; factor != 0 && j < n; j++) {
                        sums[static_cast<size_t>(j)] += factor * static_cast<int32_t>(right[static_cast<size_t>(transposeX2 ? j * weight.columns + i : i * weight.columns + j)]);
                    }
                }
                for (int64_t j = 0; j < n; j++) {
                    const float extra = c ? added[static_cast<size_t>(added.size() == static_cast<size_t>(n) ? j : batch * n + j)] : 0.0f;
                    float value = static_cast<float>(sums[static_cast<size_t>(j)] + (integers ? static_cast<int64_t>(extra) : 0));
                    value *= scales[static_cast<size_t>(scales.size() == 1 ? 0 : j)];
                    value = p ? value * tokens[static_cast<size_t>(row)] : value;
                    value += (integers ? 0.0f : extra) + offset;
                    result.push_back(x[o].type == ACL_INT8 || x[o].type == ACL_INT32 ? std::nearbyint(value) : value);
                }
            }
        }
        from_floats(x[o], result);
    });
}

/// V5 and WeightNz name the same arguments differently; what A2 and A3 do not take must be absent.
aclnnStatus quant_matmul_v5(const char *op, const QuantArguments &given, const aclTensor *yScale, const aclTensor *x1Offset, const aclTensor *x2Offset,
    int64_t groupSize, uint64_t *size, aclOpExecutor **executor)
{
    if (yScale != nullptr || x1Offset != nullptr || x2Offset != nullptr || groupSize != 0) {
        Call(op, size, executor).require(false, "yScale, x1Offset, x2Offset are null and groupSize 0 with INT8 inputs on A2 and A3");
    }
    return quant_matmul(op, given, size, executor);
}

} // namespace

aclnnStatus aclnnQuantMatmulV3GetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *scale, const aclTensor *offset,
    const aclTensor *bias, bool transposeX1, bool transposeX2, const aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return quant_matmul("aclnnQuantMatmulV3", {x1, x2, scale, offset, nullptr, bias, transposeX1, transposeX2, out, false, false}, workspaceSize, executor);
}

aclnnStatus aclnnQuantMatmulV4GetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *scale, const aclTensor *offset,
    const aclTensor *pertokenScaleOptional, const aclTensor *bias, bool transposeX1, bool transposeX2, const aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return quant_matmul("aclnnQuantMatmulV4", {x1, x2, scale, offset, pertokenScaleOptional, bias, transposeX1, transposeX2, out, false, false}, workspaceSize,
        executor);
}

aclnnStatus aclnnQuantMatmulV5GetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *x1Scale, const aclTensor *x2Scale,
    const aclTensor *yScale, const aclTensor *x1Offset, const aclTensor *x2Offset, const aclTensor *yOffset, const aclTensor *bias, bool transposeX1,
    bool transposeX2, int64_t groupSize, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return quant_matmul_v5("aclnnQuantMatmulV5", {x1, x2, x2Scale, yOffset, x1Scale, bias, transposeX1, transposeX2, out, false, true}, yScale, x1Offset,
        x2Offset, groupSize, workspaceSize, executor);
}

aclnnStatus aclnnQuantMatmulWeightNzGetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *x1Scale, const aclTensor *x2Scale,
    const aclTensor *yScale, const aclTensor *x1Offset, const aclTensor *x2Offset, const aclTensor *yOffset, const aclTensor *bias, bool transposeX1,
    bool transposeX2, int64_t groupSize, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return quant_matmul_v5("aclnnQuantMatmulWeightNz", {x1, x2, x2Scale, yOffset, x1Scale, bias, transposeX1, transposeX2, out, true, true}, yScale, x1Offset,
        x2Offset, groupSize, workspaceSize, executor);
}

} // namespace emu
