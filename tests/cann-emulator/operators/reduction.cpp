// Reductions, order and selection; ties go to the lower index. Reference: ops-math math/topk/docs/aclnnTopk.md, math/sort/docs/aclnnSort.md and
// aclnnArgsort.md, math/arg_max_v2/docs/aclnnArgMax.md, math/arg_max_with_value/docs/aclnnMaxDim.md, math/reduce_sum/docs/aclnnReduceSum.md,
// math/reduce_max/docs/aclnnAmax.md, math/reduce_mean/docs/aclnnMean.md, math/cumsum/docs/aclnnCumsum.md.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"

namespace emu {

namespace {

/// Calls `visit(line)` with the positions, in row-major order of the shape, of every line along the axis.
template <class Visit>
void each_line(const Shape &shape, int axis, Visit visit)
{
    const Split split = split_at(shape, axis);
    std::vector<size_t> line(static_cast<size_t>(split.size));
    for (int64_t outer = 0; outer < split.outer; outer++) {
        for (int64_t inner = 0; inner < split.inner; inner++) {
            for (int64_t i = 0; i < split.size; i++) {
                line[static_cast<size_t>(i)] = static_cast<size_t>((outer * split.size + i) * split.inner + inner);
            }
            visit(line);
        }
    }
}

Shape with_axis(const Shape &shape, int axis, int64_t size, bool keep)
{
    Shape result = shape;
    if (keep) {
        result[static_cast<size_t>(axis)] = size;
    } else if (!result.empty()) {
        result.erase(result.begin() + axis);
    }
    return result;
}

/// NaN counts as the largest value, as in the framework the operators follow.
bool before(double a, double b, bool descending)
{
    if (std::isnan(a) || std::isnan(b)) {
        return descending ? std::isnan(a) && !std::isnan(b) : std::isnan(b) && !std::isnan(a);
    }
    return descending ? a > b : a < b;
}

/// The first `count` of each line in order: values (if wanted) and their indices along the axis.
void order_lines(const Tensor &self, int axis, bool descending, int64_t count, const Tensor *values, const Tensor *indices,
    bool stable = true)
{
    const std::vector<double> all = to_doubles(self);
    const Shape shape = with_axis(self.shape, axis, count, true);
    std::vector<double> best(static_cast<size_t>(count_of(shape)));
    std::vector<int64_t> where(best.size());
    std::vector<std::vector<size_t>> targets;
    each_line(shape, axis, [&](const std::vector<size_t> &line) { targets.push_back(line); });
    std::vector<int64_t> order;
    size_t number = 0;
    each_line(self.shape, axis, [&](const std::vector<size_t> &line) {
        order.resize(line.size());
        std::iota(order.begin(), order.end(), 0);
        const auto first = [&](int64_t a, int64_t b) {
            const double x = all[line[static_cast<size_t>(a)]];
            const double y = all[line[static_cast<size_t>(b)]];
            return before(x, y, descending) || (!before(y, x, descending) && (stable ? a < b : a > b));
        };
        std::partial_sort(order.begin(), order.begin() + count, order.end(), first);
        const std::vector<size_t> &target = targets[number++];
        for (size_t i = 0; i < target.size(); i++) {
            best[target[i]] = all[line[static_cast<size_t>(order[i])]];
            where[target[i]] = order[i];
        }
    });
    if (values != nullptr) {
        from_doubles(*values, best);
    }
    if (indices != nullptr) {
        from_integers(*indices, where);
    }
}

std::vector<int> axes_of(Call &call, const aclIntArray *dims, int rank)
{
    std::vector<int> axes;
    for (const int64_t dim : values_of(dims, "dims")) {
        const int axis = axis_of(dim, rank, "dims");
        call.require(std::find(axes.begin(), axes.end(), axis) == axes.end(), "dims names dimension %d twice", axis);
        axes.push_back(axis);
    }
    if (axes.empty()) {
        axes.resize(static_cast<size_t>(rank));
        std::iota(axes.begin(), axes.end(), 0);
    }
    std::sort(axes.begin(), axes.end());
    return axes;
}

/// Reduces several axes: `fold(sum, value)` from `start`, then `finish(sum, count)`. FP32 for floating types, exact for integers.
template <class Fold, class Finish>
aclnnStatus reduce(Call &call, Operand a, Operand o, const aclIntArray *dims, bool keep, double start, Fold fold, Finish finish)
{
    const std::vector<int> axes = axes_of(call, dims, call[a].rank());
    Shape kept = call[a].shape;
    for (const int axis : axes) {
        kept[static_cast<size_t>(axis)] = 1;
    }
    Shape expected = kept;
    if (!keep) {
        for (size_t i = axes.size(); i-- > 0;) {
            expected.erase(expected.begin() + axes[i]);
        }
    }
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        const int64_t count = count_of(kept) == 0 ? 0 : x[a].count() / count_of(kept);
        Tensor target; // positions of the kept shape, standing still along the reduced axes
        target.shape = x[a].shape;
        target.strides.assign(kept.size(), 0);
        int64_t step = 1;
        for (size_t i = kept.size(); i-- > 0;) {
            target.strides[i] = kept[i] == 1 && x[a].shape[i] != 1 ? 0 : step;
            step *= kept[i];
        }
        for (const int axis : axes) {
            target.strides[static_cast<size_t>(axis)] = 0;
        }
        const bool floating = is_floating(x[a].type);
        const std::vector<double> values = to_doubles(x[a]);
        std::vector<double> sums(static_cast<size_t>(count_of(kept)), start);
        size_t at = 0;
        each_position(target, [&](int64_t position) {
            double &sum = sums[static_cast<size_t>(position)];
            sum = fold(sum, values[at++]);
            sum = floating && x[a].type != ACL_DOUBLE ? static_cast<double>(static_cast<float>(sum)) : sum;
        });
        for (double &sum : sums) {
            sum = finish(sum, static_cast<double>(count));
        }
        from_doubles(x[o], sums);
    });
}

} // namespace

aclnnStatus aclnnTopkGetWorkspaceSize(const aclTensor *self, int64_t k, int64_t dim, bool largest, bool sorted, aclTensor *valuesOut,
    aclTensor *indicesOut, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnTopk", workspaceSize, executor);
    const Operand a = call.input(self, "self", {ACL_INT8, ACL_UINT8, ACL_INT16, ACL_INT32, ACL_INT64, ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE, ACL_BF16});
    const Operand v = call.output(valuesOut, "valuesOut");
    const Operand i = call.output(indicesOut, "indicesOut", {ACL_INT64});
    const int axis = axis_of(dim, call[a].rank());
    const int64_t size = call[a].dim(axis);
    call.require(k >= 0 && k <= size, "k is %lld, allowed is [0, %lld]", static_cast<long long>(k), static_cast<long long>(size));
    call.require(sorted, "sorted is false: only true is supported");
    call.require(call[v].type == call[a].type, "valuesOut differs from self in type");
    call.require_shape(v, with_axis(call[a].shape, axis, k, true));
    call.require_shape(i, with_axis(call[a].shape, axis, k, true));
    call.workspace(4096);
    return call.plan([=](const Operands &x) { order_lines(x[a], axis, largest, k, &x[v], &x[i]); });
}

aclnnStatus aclnnSortGetWorkspaceSize(const aclTensor *self, bool stable, int64_t dim, bool descending, aclTensor *valuesOut, aclTensor *indicesOut,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSort", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand v = call.output(valuesOut, "valuesOut");
    const Operand i = call.output(indicesOut, "indicesOut", {ACL_INT64});
    const int axis = axis_of(dim, call[a].rank());
    call.require(call[v].type == call[a].type, "valuesOut differs from self in type");
    call.require_shape(v, call[a].shape);
    call.require_shape(i, call[a].shape);
    call.workspace(4096);
    // Nothing is said of the order of equals when it is not to be stable: the other one shows who relies on it.
    return call.plan([=](const Operands &x) { order_lines(x[a], axis, descending, x[a].dim(axis), &x[v], &x[i], stable); });
}

aclnnStatus aclnnArgsortGetWorkspaceSize(const aclTensor *self, int64_t dim, bool descending, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnArgsort", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out", {ACL_INT64});
    const int axis = axis_of(dim, call[a].rank());
    call.require_shape(o, call[a].shape);
    call.workspace(4096);
    return call.plan([=](const Operands &x) { order_lines(x[a], axis, descending, x[a].dim(axis), nullptr, &x[o]); });
}

aclnnStatus aclnnArgMaxGetWorkspaceSize(const aclTensor *self, int64_t dim, bool keepdim, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnArgMax", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out", {ACL_INT32, ACL_INT64});
    const int axis = axis_of(dim, call[a].rank());
    call.require_shape(o, with_axis(call[a].shape, axis, 1, keepdim));
    call.require(call[a].dim(axis) > 0, "dimension %d is empty", axis);
    return call.plan([=](const Operands &x) { order_lines(x[a], axis, true, 1, nullptr, &x[o]); });
}

aclnnStatus aclnnMaxDimGetWorkspaceSize(const aclTensor *self, int64_t dim, bool keepdim, aclTensor *out, aclTensor *indices, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnMaxDim", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    const Operand i = call.output(indices, "indices", {ACL_INT32, ACL_INT64});
    const int axis = axis_of(dim, call[a].rank());
    call.require(call[o].type == call[a].type, "out differs from self in type");
    call.require_shape(o, with_axis(call[a].shape, axis, 1, keepdim));
    call.require_shape(i, with_axis(call[a].shape, axis, 1, keepdim));
    return call.plan([=](const Operands &x) { order_lines(x[a], axis, true, 1, &x[o], &x[i]); });
}

aclnnStatus aclnnReduceSumGetWorkspaceSize(const aclTensor *self, const aclIntArray *dims, bool keepDims, aclDataType dtype, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnReduceSum", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[o].type == dtype, "dtype is %s, out is %s", name_of(dtype), name_of(call[o].type));
    return reduce(call, a, o, dims, keepDims, 0.0, [](double sum, double value) { return sum + value; }, [](double sum, double) { return sum; });
}

aclnnStatus aclnnMeanGetWorkspaceSize(const aclTensor *self, const aclIntArray *dim, bool keepDim, aclDataType dtype, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMean", workspaceSize, executor);
    const Operand a = call.input(self, "self", {ACL_FLOAT, ACL_FLOAT16, ACL_BF16, ACL_DOUBLE});
    const Operand o = call.output(out, "out");
    call.require(call[o].type == dtype, "dtype is %s, out is %s", name_of(dtype), name_of(call[o].type));
    return reduce(call, a, o, dim, keepDim, 0.0, [](double sum, double value) { return sum + value; },
        [](double sum, double count) { return sum / count; });
}

aclnnStatus aclnnAmaxGetWorkspaceSize(const aclTensor *self, const aclIntArray *dim, bool keepDim, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnAmax", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[o].type == call[a].type, "out differs from self in type");
    return reduce(call, a, o, dim, keepDim, -std::numeric_limits<double>::infinity(),
        [](double most, double value) { return std::isnan(value) || value > most ? value : most; }, [](double most, double) { return most; });
}

namespace {

/// Sums in order along the axis; FP32 for floating types.
aclnnStatus cumulate(const char *op, const aclTensor *self, int64_t dim, bool exclusive, bool reverse, aclTensor *out, const aclDataType *dtype,
    uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    call.require(dtype == nullptr || call[o].type == *dtype, "dtype differs from out's type");
    require_convertible(call[a].type, call[o].type, "out");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        std::vector<double> values = to_doubles(x[a]);
        const bool single = is_floating(x[o].type) && x[o].type != ACL_DOUBLE;
        each_line(x[a].shape, axis, [&](const std::vector<size_t> &line) {
            double sum = 0;
            for (size_t step = 0; step < line.size(); step++) {
                double &value = values[line[reverse ? line.size() - 1 - step : step]];
                const double next = single ? static_cast<double>(static_cast<float>(sum + value)) : sum + value;
                value = exclusive ? sum : next;
                sum = next;
            }
        });
        from_doubles(x[o], values);
    });
}

} // namespace

aclnnStatus aclnnCumsumGetWorkspaceSize(const aclTensor *self, int64_t dim, aclDataType dtype, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return cumulate("aclnnCumsum", self, dim, false, false, out, &dtype, workspaceSize, executor);
}

aclnnStatus aclnnCumsumV2GetWorkspaceSize(const aclTensor *self, int64_t dim, bool exclusive, bool reverse, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return cumulate("aclnnCumsumV2", self, dim, exclusive, reverse, out, nullptr, workspaceSize, executor);
}

} // namespace emu
