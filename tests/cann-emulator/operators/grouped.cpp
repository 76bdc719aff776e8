// Products of token groups with their experts' weights. Reference: ops-transformer gmm/grouped_matmul/docs/aclnnGroupedMatmulV4.md (V5 and WeightNz beside
// it), gmm/grouped_matmul_swiglu_quant/docs/aclnnGroupedMatmulSwigluQuant.md, gmm/grouped_matmul_swiglu_quant_v2/docs (V2, WeightNzV2).
#include <algorithm>
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/layout.h"
#include "operators/quantisation.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

/// Rows [first, last) of each group, from cumulative sums (0), counts (1) or pairs of group and count (2).
std::vector<std::pair<int64_t, int64_t>> groups_from(const std::vector<int64_t> &list, int64_t type, int64_t experts, int64_t rows)
{
    std::vector<std::pair<int64_t, int64_t>> groups(static_cast<size_t>(experts), {0, 0});
    int64_t at = 0;
    for (size_t i = 0; i < list.size() / (type == 2 ? 2 : 1); i++) {
        const size_t expert = type == 2 ? static_cast<size_t>(list[2 * i]) : i;
        const int64_t end = type == 0 ? list[i] : at + list[type == 2 ? 2 * i + 1 : i];
        if (end < at || end > rows || expert >= groups.size()) {
            refuse(kAicoreException, "groupList leads from row %lld to %lld of %lld", static_cast<long long>(at), static_cast<long long>(end),
                static_cast<long long>(rows));
        }
        groups[expert] = {at, end};
        at = end;
    }
    return groups;
}

/// row x weight, exact for INT8.
void multiply_row(const float *row, const std::vector<float> &weight, int64_t k, int64_t n, bool integers, std::vector<float> &result)
{
    std::vector<int64_t> sums(integers ? static_cast<size_t>(n) : 0, 0);
    std::fill(result.begin(), result.end(), 0.0f);
    for (int64_t i = 0; i < k; i++) {
        const float *line = weight.data() + i * n;
        if (integers) {
            const int32_t factor = static_cast<int32_t>(row[i]);
            for (int64_t j = 0; factor != 0 && j < n; j++) {
                sums[static_cast<size_t>(j)] += factor * static_cast<int32_t>(line[j]);
            }
        } else {
            for (int64_t j = 0; j < n; j++) {
                result[static_cast<size_t>(j)] += row[i] * line[j];
            }
        }
    }
    for (size_t j = 0; j < sums.size(); j++) {
        result[j] = static_cast<float>(sums[j]);
    }
}

struct GroupedArguments {
    const aclTensorList *x, *weight, *bias, *scale, *offset, *antiquantScale, *antiquantOffset, *perTokenScale;
    const aclTensor *groupList;
    int64_t splitItem, groupType, groupListType, actType;
    const aclTensorList *out;
    bool packedOnly;
};

/// A list that may be absent, null or empty.
std::vector<Operand> optional_list(Call &call, const aclTensorList *list, const char *name, std::initializer_list<aclDataType> types)
{
    return list == nullptr || tensor_lists().get(list)->tensors.empty() ? std::vector<Operand>() : call.inputs(list, name, types);
}

/// Matrices of all experts: one tensor [E, K, N] or E tensors [K, N].
struct Experts {
    std::vector<Operand> operands;
    std::vector<Weight> weights;
    int64_t count;
    int64_t rows;
    int64_t columns;

    std::vector<float> values(const Operands &x, int64_t expert) const
    {
        const size_t which = operands.size() == 1 ? 0 : static_cast<size_t>(expert);
        return weight_values(x[operands[which]], weights[which], operands.size() == 1 ? expert : 0);
    }
};

Experts experts_of(Call &call, const aclTensorList *list, std::initializer_list<aclDataType> types, bool packedOnly)
{
    Experts experts = {call.or_nz().inputs(list, "weight", types), {}, 0, 0, 0};
    call.require(!experts.operands.empty() && experts.operands.size() <= 128, "weight has %zu tensors, allowed are 1 to 128", experts.operands.size());
    for (const Operand operand : experts.operands) {
        experts.weights.push_back(weight_of(call, operand, "weight"));
        call.require(!packedOnly || call[operand].format == ACL_FORMAT_FRACTAL_NZ, "weight is ND, this operator takes FRACTAL_NZ");
        experts.count += experts.weights.back().batches;
        experts.rows = experts.weights.back().rows;
        experts.columns = experts.weights.back().columns;
        const Tensor &tensor = call[operand];
        const int64_t last = tensor.format == ACL_FORMAT_ND && tensor.strides.back() != 1 ? experts.rows : experts.columns;
        call.require(last < 65536, "the last dimension of weight is %lld, it must be below 65536", static_cast<long long>(last));
    }
    return experts;
}

aclnnStatus grouped(const char *op, const GroupedArguments &given, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const std::initializer_list<aclDataType> types = {ACL_FLOAT16, ACL_BF16, ACL_FLOAT, ACL_INT8};
    const std::vector<Operand> xs = call.inputs(given.x, "x", types);
    const Experts experts = experts_of(call, given.weight, types, given.packedOnly);
    const std::vector<Operand> bias = optional_list(call, given.bias, "biasOptional", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32});
    const std::vector<Operand> scale = optional_list(call, given.scale, "scaleOptional", {ACL_UINT64, ACL_BF16, ACL_FLOAT});
    call.require(optional_list(call, given.offset, "offsetOptional", {}).empty()
            && optional_list(call, given.antiquantScale, "antiquantScaleOptional", {}).empty()
            && optional_list(call, given.antiquantOffset, "antiquantOffsetOptional", {}).empty(), "the emulator has no offsets and no weight-only quantisation");
    const std::vector<Operand> tokens = optional_list(call, given.perTokenScale, "perTokenScaleOptional", {ACL_FLOAT});
    const Operand g = call.input(given.groupList, "groupListOptional", {ACL_INT64});
    const std::vector<Operand> outs = call.outputs(given.out, "out", {ACL_FLOAT16, ACL_BF16, ACL_FLOAT, ACL_INT32});
    call.require(given.groupType == 0 && (given.splitItem == 2 || given.splitItem == 3) && xs.size() == 1 && outs.size() == 1,
        "the emulator groups rows (groupType 0) of one x into one out (splitItem 2 or 3)");
    call.require(given.groupListType >= 0 && given.groupListType <= 2 && given.actType == 0, "groupListType is 0, 1 or 2; actType 0 in these cases");
    const Operand a = xs[0];
    const Operand o = outs[0];
    const bool integers = call[a].type == ACL_INT8;
    const aclDataType result = call[o].type;
    call.require(call[experts.operands[0]].type == call[a].type, "weight is %s, x is %s", name_of(call[experts.operands[0]].type), name_of(call[a].type));
    call.require(integers ? result != ACL_FLOAT && (scale.size() == 1) == (result != ACL_INT32) && (bias.empty() || call[bias[0]].type == ACL_INT32)
                          : result == call[a].type && scale.empty() && tokens.empty(),
        "x %s to out %s with%s scale is no listed combination", name_of(call[a].type), name_of(result), scale.empty() ? "out" : "");
    call.require(!integers || scale.empty() || (result == ACL_BF16) == (call[scale[0]].type == ACL_BF16), "scale is BFLOAT16 for BFLOAT16 out, FLOAT for FLOAT16");
    call.require(call[a].rank() == 2 && call[a].dim(1) == experts.rows && call[a].dim(1) < 65536, "x is [M, K] with K %lld below 65536",
        static_cast<long long>(experts.rows));
    call.require_contiguous(a);
    call.require_shape(o, {call[a].dim(0), experts.columns});
    call.require_contiguous(o);
    if (!scale.empty()) {
        call.require_shape(scale[0], {experts.count, experts.columns});
    }
    if (!tokens.empty()) {
        call.require_shape(tokens[0], {call[a].dim(0)});
    }
    call.require(call[g].count() == experts.count * (given.groupListType == 2 ? 2 : 1), "groupListOptional has %lld values for %lld experts",
        static_cast<long long>(call[g].count()), static_cast<long long>(experts.count));
    call.workspace(1024);
    const int64_t listType = given.groupListType;
    return call.plan([=](const Operands &t) {
        const int64_t k = experts.rows;
        const int64_t n = experts.columns;
        const std::vector<float> values = to_floats(t[a]);
        const std::vector<float> scales = scale.empty() ? std::vector<float>() : scales_from(t[scale[0]]);
        const std::vector<float> perToken = tokens.empty() ? std::vector<float>() : to_floats(t[tokens[0]]);
        std::vector<float> added;
        for (const Operand part : bias) {
            const std::vector<float> more = to_floats(t[part]);
            added.insert(added.end(), more.begin(), more.end());
        }
        std::vector<float> line(static_cast<size_t>(n));
        const auto groups = groups_from(to_integers(t[g]), listType, experts.count, t[a].dim(0));
        for (int64_t expert = 0; expert < experts.count; expert++) {
            const auto [first, last] = groups[static_cast<size_t>(expert)];
            const std::vector<float> weight = first < last ? experts.values(t, expert) : std::vector<float>();
            for (int64_t row = first; row < last; row++) { // rows of no group keep what they hold
                multiply_row(values.data() + row * k, weight, k, n, integers, line);
                for (int64_t j = 0; j < n; j++) {
                    float &value = line[static_cast<size_t>(j)];
                    value += added.empty() ? 0.0f : added[static_cast<size_t>(expert * n + j)];
                    value *= scales.empty() ? 1.0f : scales[static_cast<size_t>(expert * n + j)];
                    value *= perToken.empty() ? 1.0f : perToken[static_cast<size_t>(row)];
                }
                write_row(t[o], t[o].offset + row * n, 1, n, line.data());
            }
        }
    });
}

struct SwigluArguments {
    const aclTensor *x, *xScale, *groupList;
    int64_t groupListType;
    aclTensor *output, *outputScale;
};

/// INT8 in and out: dequantised products, silu(first half) x second half, quantised per token.
aclnnStatus swiglu_quant(Call &call, const SwigluArguments &given, const Experts &experts, Operand ws)
{
    const Operand a = call.input(given.x, "x", {ACL_INT8});
    const Operand xs = call.input(given.xScale, "xScale", {ACL_FLOAT});
    const Operand g = call.input(given.groupList, "groupList", {ACL_INT64});
    const Operand o = call.output(given.output, "output", {ACL_INT8});
    const Operand os = call.output(given.outputScale, "outputScale", {ACL_FLOAT});
    const int64_t k = experts.rows;
    const int64_t n = experts.columns;
    call.require(n <= 10240 && n % 2 == 0, "N is %lld: even, and at most 10240", static_cast<long long>(n));
    call.require(call[a].rank() == 2 && call[a].dim(1) == k && k < 65536, "x is [M, %lld]", static_cast<long long>(k));
    const int64_t m = call[a].dim(0);
    call.require_shape(ws, {experts.count, n});
    call.require_shape(xs, {m});
    call.require_shape(o, {m, n / 2});
    call.require_shape(os, {m});
    call.require_contiguous(o);
    call.require(call[g].count() == experts.count && (given.groupListType == 0 || given.groupListType == 1), "groupList has one value per expert, type 0 or 1");
    call.workspace(1024);
    const int64_t listType = given.groupListType;
    return call.plan([=](const Operands &t) {
        const std::vector<float> values = to_floats(t[a]);
        const std::vector<float> channel = to_floats(t[ws]);
        const std::vector<float> tokens = to_floats(t[xs]);
        std::vector<float> line(static_cast<size_t>(n));
        const auto groups = groups_from(to_integers(t[g]), listType, experts.count, m);
        for (int64_t expert = 0; expert < experts.count; expert++) {
            const auto [first, last] = groups[static_cast<size_t>(expert)];
            const std::vector<float> weight = first < last ? experts.values(t, expert) : std::vector<float>();
            for (int64_t row = first; row < last; row++) {
                multiply_row(values.data() + row * k, weight, k, n, true, line);
                std::vector<float> activated(static_cast<size_t>(n / 2));
                for (int64_t j = 0; j < n / 2; j++) {
                    const auto dequantised = [&](int64_t column) {
                        return line[static_cast<size_t>(column)] * tokens[static_cast<size_t>(row)] * channel[static_cast<size_t>(expert * n + column)];
                    };
                    const float gate = dequantised(j);
                    activated[static_cast<size_t>(j)] = gate / (1.0f + std::exp(-gate)) * dequantised(n / 2 + j);
                }
                const float scale = quantise_row(activated.data(), activated.size());
                write_row(t[o], t[o].offset + row * (n / 2), 1, n / 2, activated.data());
                write_row(t[os], t[os].offset + row, 1, 1, &scale);
            }
        }
    });
}

} // namespace

aclnnStatus aclnnGroupedMatmulV4GetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight, const aclTensorList *biasOptional,
    const aclTensorList *scaleOptional, const aclTensorList *offsetOptional, const aclTensorList *antiquantScaleOptional,
    const aclTensorList *antiquantOffsetOptional, const aclTensorList *perTokenScaleOptional, const aclTensor *groupListOptional,
    const aclTensorList *, const aclTensorList *, const aclTensorList *, int64_t splitItem, int64_t groupType, int64_t groupListType, int64_t actType,
    aclTensorList *out, aclTensorList *, aclTensorList *, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return grouped("aclnnGroupedMatmulV4", {x, weight, biasOptional, scaleOptional, offsetOptional, antiquantScaleOptional, antiquantOffsetOptional,
        perTokenScaleOptional, groupListOptional, splitItem, groupType, groupListType, actType, out, false}, workspaceSize, executor);
}

aclnnStatus aclnnGroupedMatmulV5GetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight, const aclTensorList *biasOptional,
    const aclTensorList *scaleOptional, const aclTensorList *offsetOptional, const aclTensorList *antiquantScaleOptional,
    const aclTensorList *antiquantOffsetOptional, const aclTensorList *perTokenScaleOptional, const aclTensor *groupListOptional,
    const aclTensorList *, const aclTensorList *, const aclTensorList *, int64_t splitItem, int64_t groupType, int64_t groupListType, int64_t actType,
    aclIntArray *, aclTensorList *out, aclTensorList *, aclTensorList *, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return grouped("aclnnGroupedMatmulV5", {x, weight, biasOptional, scaleOptional, offsetOptional, antiquantScaleOptional, antiquantOffsetOptional,
        perTokenScaleOptional, groupListOptional, splitItem, groupType, groupListType, actType, out, false}, workspaceSize, executor);
}

aclnnStatus aclnnGroupedMatmulWeightNzGetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight, const aclTensorList *biasOptional,
    const aclTensorList *scaleOptional, const aclTensorList *offsetOptional, const aclTensorList *antiquantScaleOptional,
    const aclTensorList *antiquantOffsetOptional, const aclTensorList *perTokenScaleOptional, const aclTensor *groupListOptional,
    const aclTensorList *, const aclTensorList *, const aclTensorList *, int64_t splitItem, int64_t groupType, int64_t groupListType, int64_t actType,
    aclIntArray *, int64_t, aclTensorList *out, aclTensorList *, aclTensorList *, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return grouped("aclnnGroupedMatmulWeightNz", {x, weight, biasOptional, scaleOptional, offsetOptional, antiquantScaleOptional,
        antiquantOffsetOptional, perTokenScaleOptional, groupListOptional, splitItem, groupType, groupListType, actType, out, true}, workspaceSize,
        executor);
}

namespace {

aclnnStatus swiglu_quant_v2(const char *op, const aclTensorList *weight, const aclTensorList *weightScale, const SwigluArguments &given,
    int64_t dequantMode, int64_t quantMode, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    call.require(dequantMode == 0 && quantMode == 0, "dequantMode and quantMode are 0 with INT8 on A2 and A3");
    const Experts experts = experts_of(call, weight, {ACL_INT8}, true);
    const std::vector<Operand> scales = call.inputs(weightScale, "weightScale", {ACL_FLOAT, ACL_FLOAT16, ACL_BF16});
    call.require(scales.size() == 1, "weightScale is one tensor [E, N]");
    return swiglu_quant(call, given, experts, scales[0]);
}

} // namespace

aclnnStatus aclnnGroupedMatmulSwigluQuantV2GetWorkspaceSize(const aclTensor *x, const aclTensorList *weight, const aclTensorList *weightScale,
    const aclTensorList *, const aclTensor *, const aclTensor *xScale, const aclTensor *, const aclTensor *groupList, int64_t dequantMode, int64_t,
    int64_t quantMode, int64_t groupListType, const aclIntArray *, aclTensor *output, aclTensor *outputScale, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return swiglu_quant_v2("aclnnGroupedMatmulSwigluQuantV2", weight, weightScale, {x, xScale, groupList, groupListType, output, outputScale},
        dequantMode, quantMode, workspaceSize, executor);
}

aclnnStatus aclnnGroupedMatmulSwigluQuantWeightNzV2GetWorkspaceSize(const aclTensor *x, const aclTensorList *weight, const aclTensorList *weightScale,
    const aclTensorList *, const aclTensor *, const aclTensor *xScale, const aclTensor *, const aclTensor *groupList, int64_t dequantMode, int64_t,
    int64_t quantMode, int64_t groupListType, const aclIntArray *, aclTensor *output, aclTensor *outputScale, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return swiglu_quant_v2("aclnnGroupedMatmulSwigluQuantWeightNzV2", weight, weightScale,
        {x, xScale, groupList, groupListType, output, outputScale}, dequantMode, quantMode, workspaceSize, executor);
}

} // namespace emu
