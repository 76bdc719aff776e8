// Mixture-of-experts routing. Reference: ops-transformer moe/moe_gating_top_k/docs/aclnnMoeGatingTopK.md (its README sums the gathered scores in the
// renormalisation), moe/moe_init_routing_v2/docs/aclnnMoeInitRoutingV2.md, moe/moe_finalize_routing_v2/docs/aclnnMoeFinalizeRoutingV2.md.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/indexing.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

const std::initializer_list<aclDataType> kHalfOrFloat = {ACL_FLOAT, ACL_FLOAT16, ACL_BF16};

/// Positions of the `count` largest, the lower position first among equals.
std::vector<size_t> largest(const std::vector<float> &values, size_t count)
{
    std::vector<size_t> order(values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
        [&](size_t a, size_t b) { return values[a] > values[b] || (values[a] == values[b] && a < b); });
    order.resize(count);
    return order;
}

void tiling_require(bool condition, const char *rule)
{
    if (!condition) {
        refuse(kNnTiling, "%s", rule);
    }
}

struct Gating {
    int64_t k, kGroup, groupCount, groupSelectMode, renorm, normType;
    float scale, epsilon;
};

/// Puts groups that are not among the best kGroup out of reach.
void keep_groups(std::vector<float> &choice, const Gating &gating)
{
    const size_t size = choice.size() / static_cast<size_t>(gating.groupCount);
    std::vector<float> scores;
    for (size_t start = 0; start < choice.size(); start += size) {
        const std::vector<float> group(choice.begin() + static_cast<ptrdiff_t>(start), choice.begin() + static_cast<ptrdiff_t>(start + size));
        float score = 0;
        for (const size_t best : largest(group, gating.groupSelectMode == 1 ? 2 : 1)) {
            score += group[best];
        }
        scores.push_back(score);
    }
    const std::vector<size_t> kept = largest(scores, static_cast<size_t>(gating.kGroup));
    for (size_t i = 0; i < choice.size(); i++) {
        if (std::find(kept.begin(), kept.end(), i / size) == kept.end()) {
            choice[i] = -INFINITY;
        }
    }
}

void normalise(std::vector<float> &row, bool softmax)
{
    if (!softmax) {
        for (float &value : row) {
            value = 1.0f / (1.0f + std::exp(-value));
        }
        return;
    }
    const float most = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (float &value : row) {
        sum += value = std::exp(value - most);
    }
    for (float &value : row) {
        value /= sum;
    }
}

} // namespace

aclnnStatus aclnnMoeGatingTopKGetWorkspaceSize(const aclTensor *x, const aclTensor *biasOptional, int64_t k, int64_t kGroup, int64_t groupCount,
    int64_t groupSelectMode, int64_t renorm, int64_t normType, bool outFlag, double routedScalingFactor, double eps, const aclTensor *yOut,
    const aclTensor *expertIdxOut, const aclTensor *outOut, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMoeGatingTopK", workspaceSize, executor);
    const Operand a = call.input(x, "x", kHalfOrFloat);
    const Operand b = call.optional(biasOptional, "biasOptional", kHalfOrFloat);
    const Operand y = call.output(yOut, "yOut", kHalfOrFloat);
    const Operand e = call.output(expertIdxOut, "expertIdxOut", {ACL_INT32});
    const Operand o = outFlag ? call.output(outOut, "outOut", {ACL_FLOAT}) : call.optional_output(outOut, "outOut", {ACL_FLOAT});
    call.require(call[a].rank() == 2 && call[y].type == call[a].type, "x has two dimensions, yOut its type");
    const int64_t experts = call[a].dim(1);
    tiling_require(call[a].count() > 0 && experts <= 2048, "x is not empty and has at most 2048 experts");
    tiling_require(!b || call[b].shape == Shape{experts}, "biasOptional has one value per expert");
    tiling_require(groupCount > 0 && experts % groupCount == 0 && experts / groupCount > groupSelectMode, "groupCount divides the experts into groups");
    tiling_require((experts / groupCount + 31) / 32 * 32 * groupCount <= 2048, "groups aligned to 32 hold at most 2048 experts");
    tiling_require(kGroup >= 1 && kGroup <= groupCount && k >= 1 && k <= experts / groupCount * kGroup, "k is at most the experts of kGroup groups");
    tiling_require(groupSelectMode >= 0 && groupSelectMode <= 1 && normType >= 0 && normType <= 1 && renorm >= 0 && renorm <= 1,
        "groupSelectMode, renorm and normType are 0 or 1 on A2 and A3");
    call.require_shape(y, {call[a].dim(0), k});
    call.require_shape(e, {call[a].dim(0), k});
    if (outFlag) {
        call.require_shape(o, call[a].shape);
    }
    const Gating gating = {k, kGroup, groupCount, groupSelectMode, renorm, normType, static_cast<float>(routedScalingFactor), static_cast<float>(eps)};
    return call.plan([=](const Operands &t) {
        const std::vector<float> logits = to_floats(t[a]);
        const std::vector<float> bias = b ? to_floats(t[b]) : std::vector<float>(static_cast<size_t>(experts), 0.0f);
        std::vector<float> weights;
        std::vector<int64_t> chosen;
        std::vector<float> scores;
        for (size_t start = 0; start < logits.size(); start += static_cast<size_t>(experts)) {
            std::vector<float> row(logits.begin() + static_cast<ptrdiff_t>(start), logits.begin() + static_cast<ptrdiff_t>(start) + experts);
            normalise(row, gating.normType == 0);
            std::vector<float> choice = row;
            for (size_t i = 0; i < choice.size(); i++) {
                choice[i] += bias[i];
            }
            if (gating.groupCount > 1) {
                keep_groups(choice, gating);
            }
            const std::vector<size_t> best = largest(choice, static_cast<size_t>(gating.k));
            float sum = 0;
            for (const size_t expert : best) {
                sum += row[expert];
            }
            const bool divide = gating.normType == 1 || gating.renorm == 1;
            for (const size_t expert : best) {
                weights.push_back((divide ? row[expert] / (sum + gating.epsilon) : row[expert]) * gating.scale);
                chosen.push_back(static_cast<int64_t>(expert));
            }
            scores.insert(scores.end(), row.begin(), row.end());
        }
        from_floats(t[y], weights);
        from_integers(t[e], chosen);
        if (outFlag) {
            from_floats(t[o], scores);
        }
    });
}

aclnnStatus aclnnMoeInitRoutingV2GetWorkspaceSize(const aclTensor *x, const aclTensor *expertIdx, int64_t activeNumOptional, int64_t,
    int64_t expertNumOptional, int64_t dropPadModeOptional, int64_t expertTokensCountOrCumsumFlagOptional, bool expertTokensBeforeCapacityFlagOptional,
    const aclTensor *expandedXOut, const aclTensor *expandedRowIdxOut, const aclTensor *expertTokensCountOrCumsumOutOptional,
    const aclTensor *expertTokensBeforeCapacityOutOptional, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMoeInitRoutingV2", workspaceSize, executor);
    const Operand a = call.input(x, "x", kHalfOrFloat);
    const Operand e = call.input(expertIdx, "expertIdx", {ACL_INT32});
    const Operand o = call.output(expandedXOut, "expandedXOut", kHalfOrFloat);
    const Operand r = call.output(expandedRowIdxOut, "expandedRowIdxOut", {ACL_INT32});
    const int64_t flag = expertTokensCountOrCumsumFlagOptional;
    const Operand n = call.optional_output(expertTokensCountOrCumsumOutOptional, "expertTokensCountOrCumsumOut", {ACL_INT32});
    call.optional_output(expertTokensBeforeCapacityOutOptional, "expertTokensBeforeCapacityOut", {ACL_INT32});
    call.require(dropPadModeOptional == 0 && !expertTokensBeforeCapacityFlagOptional, "the emulator routes without dropping (dropPadMode 0)");
    call.require(activeNumOptional >= 0 && flag >= 0 && flag <= 2, "activeNum is not negative, expertTokensCountOrCumsumFlag 0, 1 or 2");
    call.require(call[a].rank() == 2 && call[e].rank() == 2 && call[e].dim(0) == call[a].dim(0), "x is [rows, h], expertIdx [rows, k]");
    call.require(call[o].type == call[a].type, "expandedXOut differs from x in type");
    const int64_t total = call[e].count();
    const int64_t kept = activeNumOptional > 0 ? std::min(activeNumOptional, total) : total;
    call.require_shape(o, {kept, call[a].dim(1)});
    call.require_shape(r, {total});
    call.require_contiguous(o);
    call.require(flag == 0 || (n && expertNumOptional > 0), "expertTokensCountOrCumsumOut and expertNum are given with the flag");
    if (flag > 0) {
        call.require_shape(n, {expertNumOptional});
    }
    call.workspace(4096);
    return call.plan([=](const Operands &t) {
        const std::vector<int64_t> experts = to_integers(t[e]);
        std::vector<size_t> order(experts.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) { return experts[left] < experts[right]; });
        std::vector<int64_t> places(experts.size());
        std::vector<int64_t> counts(static_cast<size_t>(expertNumOptional), 0);
        const int64_t k = t[e].dim(1);
        for (size_t i = 0; i < order.size(); i++) {
            places[order[i]] = static_cast<int64_t>(i);
            if (flag > 0) {
                counts[static_cast<size_t>(checked_index(experts[order[i]], expertNumOptional, false, "expertIdx"))]++;
            }
            if (static_cast<int64_t>(i) < kept) {
                copy_view(without_axis(t[a], 0, static_cast<int64_t>(order[i]) / k), without_axis(t[o], 0, static_cast<int64_t>(i)));
            }
        }
        from_integers(t[r], places);
        if (flag > 0) {
            for (size_t i = 1; flag == 1 && i < counts.size(); i++) {
                counts[i] += counts[i - 1];
            }
            from_integers(t[n], counts);
        }
    });
}

aclnnStatus aclnnMoeFinalizeRoutingV2GetWorkspaceSize(const aclTensor *expandedX, const aclTensor *expandedRowIdx, const aclTensor *x1Optional,
    const aclTensor *x2Optional, const aclTensor *biasOptional, const aclTensor *scalesOptional, const aclTensor *expertIdxOptional,
    int64_t dropPadMode, const aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMoeFinalizeRoutingV2", workspaceSize, executor);
    const Operand a = call.input(expandedX, "expandedX", kHalfOrFloat);
    const Operand r = call.input(expandedRowIdx, "expandedRowIdx", {ACL_INT32});
    const Operand x1 = call.optional(x1Optional, "x1Optional", kHalfOrFloat);
    const Operand x2 = call.optional(x2Optional, "x2Optional", kHalfOrFloat);
    const Operand b = call.optional(biasOptional, "biasOptional", kHalfOrFloat);
    const Operand s = call.optional(scalesOptional, "scalesOptional", kHalfOrFloat);
    const Operand e = call.optional(expertIdxOptional, "expertIdxOptional", {ACL_INT32});
    const Operand o = call.output(out, "out", kHalfOrFloat);
    const aclDataType type = call[a].type;
    call.require(dropPadMode >= 0 && dropPadMode <= 3, "dropPadMode is %lld, allowed are 0..3", static_cast<long long>(dropPadMode));
    call.require(call[a].rank() == (dropPadMode % 2 == 0 ? 2 : 3) && call[o].rank() == 2, "expandedX has two dimensions, three when dropping; out has two");
    const int64_t rows = call[o].dim(0);
    const int64_t width = call[o].dim(1);
    call.require(rows > 0 && call[a].dim(-1) == width && call[r].count() % rows == 0, "expandedX is [.., %lld], expandedRowIdx a multiple of the rows",
        static_cast<long long>(width));
    const int64_t k = call[r].count() / rows;
    call.require(!x2 || x1, "x2Optional goes with x1Optional only");
    call.require(!b || e, "biasOptional goes with expertIdxOptional only");
    call.require(s || k == 1, "without scalesOptional k is 1");
    call.require(call[o].type == type && (!s || call[s].type == type || (type == ACL_BF16 && call[s].type == ACL_FLOAT)),
        "out has expandedX's type; scalesOptional too, or FLOAT beside BFLOAT16");
    for (const Operand shared : {x1, x2}) {
        if (shared) {
            call.require_shape(shared, call[o].shape);
            call.require(call[shared].type == type, "x1Optional and x2Optional have expandedX's type");
        }
    }
    if (s) {
        call.require_shape(s, {rows, k});
    }
    if (e) {
        call.require_shape(e, {rows, k});
    }
    call.require_contiguous(o);
    return call.plan([=](const Operands &t) {
        const std::vector<float> expanded = to_floats(t[a]);
        const std::vector<int64_t> places = to_integers(t[r]);
        const std::vector<float> scales = s ? to_floats(t[s]) : std::vector<float>(static_cast<size_t>(rows * k), 1.0f);
        const std::vector<float> bias = b ? to_floats(t[b]) : std::vector<float>();
        const std::vector<int64_t> experts = e ? to_integers(t[e]) : std::vector<int64_t>();
        std::vector<float> result(static_cast<size_t>(rows * width), 0.0f);
        for (const Operand shared : {x1, x2}) {
            const std::vector<float> more = shared ? to_floats(t[shared]) : std::vector<float>();
            for (size_t i = 0; i < more.size(); i++) {
                result[i] += more[i];
            }
        }
        for (int64_t row = 0; row < rows; row++) {
            for (int64_t i = 0; i < k; i++) {
                // Modes 0 and 1 list the rows' places column by column, 2 and 3 row by row.
                const int64_t place = places[static_cast<size_t>(dropPadMode < 2 ? row + i * rows : row * k + i)];
                const float scale = scales[static_cast<size_t>(row * k + i)];
                for (int64_t j = 0; j < width; j++) {
                    float value = place < 0 ? 0.0f : expanded[static_cast<size_t>(checked_index(place, t[a].count() / width, false, "expandedRowIdx") * width + j)];
                    value += b ? bias[static_cast<size_t>(experts[static_cast<size_t>(row * k + i)] * width + j)] : 0.0f;
                    result[static_cast<size_t>(row * width + j)] += scale * value;
                }
            }
        }
        from_floats(t[o], result);
    });
}

} // namespace emu
