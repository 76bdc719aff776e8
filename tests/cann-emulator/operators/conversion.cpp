// Copies and casts. Reference: ops-math math/cast/docs/aclnnCast.md, conversion/view_copy/docs/aclnnInplaceCopy.md, conversion/concat_d/docs/aclnnCat.md,
// conversion/transpose/docs/aclnnPermute.md, math/expand, math/tile/docs/aclnnRepeat.md, conversion/slice, conversion/fill, math/zero_op,
// conversion/split_v (aclnnSplitWithSize).
#include <algorithm>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

/// A window of `tensor` along one axis.
Tensor window(const Tensor &tensor, int axis, int64_t start, int64_t count, int64_t step = 1)
{
    Tensor view = tensor;
    const size_t dimension = static_cast<size_t>(axis);
    view.offset += start * tensor.strides[dimension];
    view.shape[dimension] = count;
    view.strides[dimension] *= step;
    return view;
}

} // namespace

aclnnStatus aclnnCastGetWorkspaceSize(const aclTensor *self, const aclDataType dtype, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnCast", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[o].type == dtype, "dtype is %s, out is %s", name_of(dtype), name_of(call[o].type));
    call.require_shape(o, call[a].shape);
    if (call[a].type == ACL_BOOL) {
        call.require_contiguous(a);
    }
    // Floating to integer drops the fraction (towards zero), NaN becomes 0; to floating rounds to nearest even.
    return call.plan([=](const Operands &x) { copy_view(x[a], x[o]); });
}

aclnnStatus aclnnInplaceCopyGetWorkspaceSize(aclTensor *selfRef, const aclTensor *src, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnInplaceCopy", workspaceSize, executor);
    const Operand to = call.reference(selfRef, "selfRef");
    const Operand from = call.input(src, "src");
    require_convertible(call[from].type, call[to].type, "selfRef");
    call.require(broadcast(call[from].shape, call[to].shape) == call[to].shape, "src %s does not broadcast to selfRef %s",
        text_of(call[from].shape).c_str(), text_of(call[to].shape).c_str());
    return call.plan([=](const Operands &x) { copy_view(stretch(x[from], x[to].shape), x[to]); });
}

aclnnStatus aclnnCatGetWorkspaceSize(const aclTensorList *list, int64_t dim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnCat", workspaceSize, executor);
    const std::vector<Operand> parts = call.inputs(list, "tensors");
    const Operand o = call.output(out, "out");
    call.require(!parts.empty(), "tensors is empty");
    const int axis = axis_of(dim, call[o].rank());
    Shape expected = call[parts[0]].shape;
    call.require(static_cast<int>(expected.size()) == call[o].rank(), "tensors and out differ in dimensions");
    expected[static_cast<size_t>(axis)] = 0;
    aclDataType type = call[parts[0]].type;
    for (const Operand part : parts) {
        Shape rest = call[part].shape;
        call.require(rest.size() == expected.size(), "tensors differ in dimensions");
        const int64_t size = rest[static_cast<size_t>(axis)];
        rest[static_cast<size_t>(axis)] = expected[static_cast<size_t>(axis)];
        call.require(rest == expected, "tensors differ outside of dim: %s", text_of(call[part].shape).c_str());
        expected[static_cast<size_t>(axis)] += size;
        type = promote(type, call[part].type);
    }
    require_convertible(type, call[o].type, "out");
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        int64_t at = 0;
        for (const Operand part : parts) {
            const int64_t size = x[part].shape[static_cast<size_t>(axis)];
            copy_view(x[part], window(x[o], axis, at, size));
            at += size;
        }
    });
}

aclnnStatus aclnnSplitWithSizeGetWorkspaceSize(const aclTensor *self, const aclIntArray *splitSize, int64_t dim, aclTensorList *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSplitWithSize", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const std::vector<int64_t> sizes = values_of(splitSize, "splitSize");
    const std::vector<Operand> parts = call.outputs(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    call.require(parts.size() == sizes.size(), "%zu sizes for %zu outputs", sizes.size(), parts.size());
    int64_t total = 0;
    for (size_t i = 0; i < parts.size(); i++) {
        Shape expected = call[a].shape;
        expected[static_cast<size_t>(axis)] = sizes[i];
        call.require_shape(parts[i], expected);
        total += sizes[i];
    }
    call.require(total == call[a].shape[static_cast<size_t>(axis)], "the sizes sum to %lld", static_cast<long long>(total));
    return call.plan([=](const Operands &x) {
        int64_t at = 0;
        for (size_t i = 0; i < parts.size(); i++) {
            copy_view(window(x[a], axis, at, sizes[i]), x[parts[i]]);
            at += sizes[i];
        }
    });
}

aclnnStatus aclnnPermuteGetWorkspaceSize(const aclTensor *self, const aclIntArray *dims, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnPermute", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    const std::vector<int64_t> order = values_of(dims, "dims");
    call.require(static_cast<int>(order.size()) == call[a].rank() && call[o].type == call[a].type, "dims has %zu entries for %d dimensions, or the types differ",
        order.size(), call[a].rank());
    Shape expected;
    std::vector<bool> seen(order.size(), false);
    std::vector<size_t> axes;
    for (const int64_t dim : order) {
        const size_t axis = static_cast<size_t>(axis_of(dim, call[a].rank(), "dims"));
        call.require(!seen[axis], "dims names dimension %zu twice", axis);
        seen[axis] = true;
        axes.push_back(axis);
        expected.push_back(call[a].shape[axis]);
    }
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        Tensor view = x[a];
        for (size_t i = 0; i < axes.size(); i++) {
            view.shape[i] = x[a].shape[axes[i]];
            view.strides[i] = x[a].strides[axes[i]];
        }
        copy_view(view, x[o]);
    });
}

aclnnStatus aclnnExpandGetWorkspaceSize(const aclTensor *self, const aclIntArray *size, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnExpand", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[a].type == call[o].type, "self and out differ in type");
    const Shape sizes = values_of(size, "size");
    call.require(sizes.size() >= call[a].shape.size(), "size has fewer dimensions than self");
    Shape expected = sizes;
    const size_t missing = sizes.size() - call[a].shape.size();
    for (size_t i = 0; i < sizes.size(); i++) {
        expected[i] = sizes[i] == -1 && i >= missing ? call[a].shape[i - missing] : sizes[i];
    }
    call.require(broadcast(call[a].shape, expected) == expected, "self does not expand to %s", text_of(expected).c_str());
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) { copy_view(stretch(x[a], x[o].shape), x[o]); });
}

aclnnStatus aclnnRepeatGetWorkspaceSize(const aclTensor *self, const aclIntArray *repeats, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnRepeat", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[a].type == call[o].type, "self and out differ in type");
    const Shape times = values_of(repeats, "repeats");
    call.require(times.size() >= call[a].shape.size() && times.size() * 2 <= 16, "repeats has %zu entries for %d dimensions", times.size(), call[a].rank());
    Shape inner = call[a].shape;
    inner.insert(inner.begin(), times.size() - inner.size(), 1);
    Shape expected;
    for (size_t i = 0; i < times.size(); i++) {
        call.require(times[i] >= 0, "repeats has a negative entry");
        expected.push_back(inner[i] * times[i]);
    }
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        // Each dimension as (times, size): the source with stride 0 over times.
        const Tensor flat = stretch(x[a], inner);
        Tensor from = x[a];
        Tensor to = x[o];
        from.shape.clear();
        from.strides.clear();
        to.strides.clear();
        for (size_t i = 0; i < times.size(); i++) {
            from.shape.insert(from.shape.end(), {times[i], inner[i]});
            from.strides.insert(from.strides.end(), {0, flat.strides[i]});
            to.strides.insert(to.strides.end(), {x[o].strides[i] * inner[i], x[o].strides[i]});
        }
        to.shape = from.shape;
        copy_view(from, to);
    });
}

aclnnStatus aclnnSliceGetWorkspaceSize(const aclTensor *self, int64_t dim, int64_t start, int64_t end, int64_t step, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSlice", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    const int64_t size = call[a].shape[static_cast<size_t>(axis)];
    const auto clamp = [size](int64_t at) { return std::min(std::max<int64_t>(at < 0 ? at + size : at, 0), size); };
    const int64_t first = clamp(start);
    call.require(step > 0, "step is %lld", static_cast<long long>(step));
    Shape expected = call[a].shape;
    expected[static_cast<size_t>(axis)] = std::max<int64_t>(0, (clamp(end) - first + step - 1) / step);
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        copy_view(window(x[a], axis, first, x[o].shape[static_cast<size_t>(axis)], step), x[o]);
    });
}

aclnnStatus aclnnInplaceZeroGetWorkspaceSize(aclTensor *selfRef, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnInplaceZero", workspaceSize, executor);
    const Operand a = call.reference(selfRef, "selfRef");
    return call.plan([=](const Operands &x) { from_integers(x[a], std::vector<int64_t>(static_cast<size_t>(x[a].count()), 0)); });
}

aclnnStatus aclnnInplaceFillScalarGetWorkspaceSize(aclTensor *selfRef, const aclScalar *value, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnInplaceFillScalar", workspaceSize, executor);
    const Operand a = call.reference(selfRef, "selfRef");
    const std::shared_ptr<Scalar> scalar = scalar_of(value, "value");
    return call.plan([=](const Operands &x) {
        const size_t count = static_cast<size_t>(x[a].count());
        if (is_floating(x[a].type)) {
            from_doubles(x[a], std::vector<double>(count, scalar->number));
        } else {
            from_integers(x[a], std::vector<int64_t>(count, scalar->integer));
        }
    });
}

} // namespace emu
