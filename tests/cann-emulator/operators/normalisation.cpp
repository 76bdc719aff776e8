// Softmax, norms and SwiGlu: statistics in FP32. Reference: ops-nn activation/softmax_v2/docs/aclnnSoftmax.md, norm/rms_norm/docs/aclnnRmsNorm.md,
// norm/add_rms_norm/docs/aclnnAddRmsNorm.md, norm/layer_norm_v4/docs/aclnnLayerNorm&aclnnLayerNormWithImplMode.md, activation/swi_glu/docs/aclnnSwiGlu.md.
#include <algorithm>
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

const std::initializer_list<aclDataType> kHalfOrFloat = {ACL_FLOAT, ACL_FLOAT16, ACL_BF16};

/// gamma covers the last dimensions of x: how many elements are normalised together.
int64_t normalised(Call &call, Operand x, Operand gamma)
{
    const Shape &shape = call[x].shape;
    const Shape &weights = call[gamma].shape;
    if (weights.size() > shape.size() || !std::equal(weights.rbegin(), weights.rend(), shape.rbegin())) {
        refuse(kNnTiling, "gamma %s is not the end of x %s", text_of(weights).c_str(), text_of(shape).c_str());
    }
    return count_of(weights);
}

Shape statistics_shape(const Shape &shape, size_t normalisedDimensions)
{
    Shape result = shape;
    std::fill(result.end() - static_cast<ptrdiff_t>(normalisedDimensions), result.end(), 1);
    return result;
}

void rms_norm(std::vector<float> &x, const std::vector<float> &gamma, double epsilon, std::vector<float> *rstd)
{
    const size_t width = gamma.size();
    for (size_t start = 0; start < x.size(); start += width) {
        float squares = 0;
        for (size_t i = 0; i < width; i++) {
            squares += x[start + i] * x[start + i];
        }
        const float scale = 1.0f / std::sqrt(squares / static_cast<float>(width) + static_cast<float>(epsilon));
        for (size_t i = 0; i < width; i++) {
            x[start + i] = x[start + i] * scale * gamma[i];
        }
        if (rstd != nullptr) {
            rstd->push_back(scale);
        }
    }
}

} // namespace

aclnnStatus aclnnSoftmaxGetWorkspaceSize(const aclTensor *self, int64_t dim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSoftmax", workspaceSize, executor);
    const Operand a = call.input(self, "self", kHalfOrFloat);
    const Operand o = call.output(out, "out", kHalfOrFloat);
    const int axis = axis_of(dim, call[a].rank());
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        std::vector<float> values = to_floats(x[a]);
        const Split split = split_at(x[a].shape, axis);
        for (int64_t outer = 0; outer < split.outer; outer++) {
            for (int64_t inner = 0; inner < split.inner; inner++) {
                float *line = values.data() + outer * split.size * split.inner + inner;
                float largest = -INFINITY;
                for (int64_t i = 0; i < split.size; i++) {
                    largest = std::fmax(largest, line[i * split.inner]);
                }
                float sum = 0;
                for (int64_t i = 0; i < split.size; i++) {
                    sum += line[i * split.inner] = std::exp(line[i * split.inner] - largest);
                }
                for (int64_t i = 0; i < split.size; i++) {
                    line[i * split.inner] /= sum;
                }
            }
        }
        from_floats(x[o], values);
    });
}

aclnnStatus aclnnRmsNormGetWorkspaceSize(const aclTensor *x, const aclTensor *gamma, double epsilon, const aclTensor *yOut, const aclTensor *rstdOut,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnRmsNorm", workspaceSize, executor);
    const Operand a = call.input(x, "x", kHalfOrFloat);
    const Operand g = call.input(gamma, "gamma", kHalfOrFloat);
    const Operand y = call.output(yOut, "yOut", kHalfOrFloat);
    const Operand r = call.output(rstdOut, "rstdOut", {ACL_FLOAT});
    const aclDataType type = call[a].type;
    call.require(call[y].type == type && (call[g].type == type || call[g].type == ACL_FLOAT),
        "x %s, gamma %s, yOut %s: yOut has x's type, gamma x's or FLOAT", name_of(type), name_of(call[g].type), name_of(call[y].type));
    normalised(call, a, g);
    call.require_shape(y, call[a].shape);
    call.require_shape(r, statistics_shape(call[a].shape, call[g].shape.size()));
    return call.plan([=](const Operands &t) {
        std::vector<float> values = to_floats(t[a]);
        std::vector<float> rstd;
        rms_norm(values, to_floats(t[g]), epsilon, &rstd);
        from_floats(t[y], values);
        from_floats(t[r], rstd);
    });
}

aclnnStatus aclnnAddRmsNormGetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *gamma, double epsilon, aclTensor *yOut,
    aclTensor *rstdOut, aclTensor *xOut, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnAddRmsNorm", workspaceSize, executor);
    const Operand a = call.input(x1, "x1", kHalfOrFloat);
    const Operand b = call.input(x2, "x2", kHalfOrFloat);
    const Operand g = call.input(gamma, "gamma", kHalfOrFloat);
    const Operand y = call.output(yOut, "yOut", kHalfOrFloat);
    const Operand r = call.optional_output(rstdOut, "rstdOut", {ACL_FLOAT});
    const Operand s = call.optional_output(xOut, "xOut", kHalfOrFloat);
    const aclDataType type = call[a].type;
    call.require(call[b].type == type && call[g].type == type && call[y].type == type && (!s || call[s].type == type),
        "x1, x2, gamma, yOut and xOut have one type, x1 is %s", name_of(type));
    call.require_shape(b, call[a].shape);
    call.require_shape(y, call[a].shape);
    const bool without = !r; // the form without rstdOut takes gamma as [1, width] and half types only
    if (without) {
        call.require(type != ACL_FLOAT, "without rstdOut the type is FLOAT16 or BFLOAT16");
        call.require_shape(g, {1, call[a].dim(-1)});
    } else {
        normalised(call, a, g);
        call.require_shape(r, statistics_shape(call[a].shape, call[g].shape.size()));
        call.require(static_cast<bool>(s), "xOut is required beside rstdOut");
    }
    if (s) {
        call.require_shape(s, call[a].shape);
    }
    return call.plan([=](const Operands &t) {
        std::vector<float> values = to_floats(t[a]);
        const std::vector<float> other = to_floats(t[b]);
        for (size_t i = 0; i < values.size(); i++) {
            values[i] += other[i];
        }
        if (s) {
            from_floats(t[s], values);
        }
        // The norm goes on with the sum as computed, before its rounding to xOut.
        std::vector<float> rstd;
        rms_norm(values, to_floats(t[g]), epsilon, &rstd);
        from_floats(t[y], values);
        if (r) {
            from_floats(t[r], rstd);
        }
    });
}

namespace {

aclnnStatus layer_norm(const char *op, const aclTensor *input, const aclIntArray *normalizedShape, const aclTensor *weightOptional,
    const aclTensor *biasOptional, double eps, aclTensor *out, aclTensor *meanOut, aclTensor *rstdOut, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = call.input(input, "input", kHalfOrFloat);
    const Shape norm = values_of(normalizedShape, "normalizedShape");
    const Operand w = call.optional(weightOptional, "weightOptional", kHalfOrFloat);
    const Operand b = call.optional(biasOptional, "biasOptional", kHalfOrFloat);
    const Operand o = call.output(out, "out", kHalfOrFloat);
    const Operand m = call.optional_output(meanOut, "meanOutOptional", kHalfOrFloat);
    const Operand r = call.optional_output(rstdOut, "rstdOutOptional", kHalfOrFloat);
    const aclDataType type = call[a].type;
    const Shape &shape = call[a].shape;
    call.require(!norm.empty() && norm.size() <= shape.size() && std::equal(norm.rbegin(), norm.rend(), shape.rbegin()),
        "normalizedShape %s is not the end of input %s", text_of(norm).c_str(), text_of(shape).c_str());
    for (const Operand parameter : {w, b}) {
        if (parameter) {
            call.require_shape(parameter, norm);
            const bool wide = call[parameter].type == ACL_FLOAT && w && b;
            call.require(call[parameter].type == type || wide, "weight and bias have input's type, or FLOAT when both are given");
        }
    }
    call.require(!w || !b || call[w].type == call[b].type, "weight and bias differ in type");
    call.require_shape(o, shape);
    call.require(call[o].type == type, "out differs from input in type");
    for (const Operand statistic : {m, r}) {
        if (statistic) {
            call.require_shape(statistic, statistics_shape(shape, norm.size()));
        }
    }
    return call.plan([=](const Operands &t) {
        std::vector<float> values = to_floats(t[a]);
        const std::vector<float> weight = w ? to_floats(t[w]) : std::vector<float>();
        const std::vector<float> bias = b ? to_floats(t[b]) : std::vector<float>();
        const size_t width = static_cast<size_t>(count_of(norm));
        std::vector<float> means;
        std::vector<float> rstds;
        for (size_t start = 0; start < values.size(); start += width) {
            float sum = 0;
            for (size_t i = 0; i < width; i++) {
                sum += values[start + i];
            }
            const float mean = sum / static_cast<float>(width);
            float squares = 0;
            for (size_t i = 0; i < width; i++) {
                squares += (values[start + i] - mean) * (values[start + i] - mean);
            }
            const float rstd = 1.0f / std::sqrt(squares / static_cast<float>(width) + static_cast<float>(eps));
            for (size_t i = 0; i < width; i++) {
                values[start + i] = (values[start + i] - mean) * rstd * (w ? weight[i] : 1.0f) + (b ? bias[i] : 0.0f);
            }
            means.push_back(mean);
            rstds.push_back(rstd);
        }
        from_floats(t[o], values);
        if (m) {
            from_floats(t[m], means);
        }
        if (r) {
            from_floats(t[r], rstds);
        }
    });
}

} // namespace

aclnnStatus aclnnLayerNormGetWorkspaceSize(const aclTensor *input, const aclIntArray *normalizedShape, const aclTensor *weightOptional,
    const aclTensor *biasOptional, double eps, aclTensor *out, aclTensor *meanOutOptional, aclTensor *rstdOutOptional, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return layer_norm("aclnnLayerNorm", input, normalizedShape, weightOptional, biasOptional, eps, out, meanOutOptional, rstdOutOptional, workspaceSize,
        executor);
}

aclnnStatus aclnnLayerNormWithImplModeGetWorkspaceSize(const aclTensor *input, const aclIntArray *normalizedShape, const aclTensor *weightOptional,
    const aclTensor *biasOptional, double eps, aclTensor *out, aclTensor *meanOutOptional, aclTensor *rstdOutOptional, int32_t,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return layer_norm("aclnnLayerNormWithImplMode", input, normalizedShape, weightOptional, biasOptional, eps, out, meanOutOptional, rstdOutOptional,
        workspaceSize, executor);
}

aclnnStatus aclnnSwiGluGetWorkspaceSize(const aclTensor *x, int64_t dim, const aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSwiGlu", workspaceSize, executor);
    const Operand a = call.input(x, "x", kHalfOrFloat);
    const Operand o = call.output(out, "out", kHalfOrFloat);
    call.require(call[a].rank() > 0, "x has no dimension");
    const int axis = axis_of(dim, call[a].rank());
    Shape expected = call[a].shape;
    call.require(expected[static_cast<size_t>(axis)] % 2 == 0, "dimension %d of x is odd: %s", axis, text_of(expected).c_str());
    expected[static_cast<size_t>(axis)] /= 2;
    call.require_shape(o, expected);
    call.require(call[o].type == call[a].type, "out differs from x in type");
    call.require_contiguous(a);
    call.require_contiguous(o);
    return call.plan([=](const Operands &t) {
        // out = silu(first half) x second half
        const std::vector<float> values = to_floats(t[a]);
        const Split split = split_at(t[a].shape, axis);
        const int64_t half = split.size / 2;
        std::vector<float> result;
        for (int64_t outer = 0; outer < split.outer; outer++) {
            const float *gate = values.data() + outer * split.size * split.inner;
            const float *up = gate + half * split.inner;
            for (int64_t i = 0; i < half * split.inner; i++) {
                result.push_back(gate[i] / (1.0f + std::exp(-gate[i])) * up[i]);
            }
        }
        from_floats(t[o], result);
    });
}

} // namespace emu
