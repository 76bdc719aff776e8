// Writing rows by index; an index outside of its dimension is a kernel fault (507035). Reference: ops-nn
// index/scatter_nd_update/docs/aclnnScatterNdUpdate.md, index/scatter_update/docs/aclnnIndexCopy&aclnnInplaceIndexCopy.md,
// index/index_put_v2/docs/aclnnIndexPutImpl.md, index/scatter_elements_v2/docs/aclnnScatter&aclnnInplaceScatter.md and
// aclnnScatterValue&aclnnInplaceScatterValue.md.
#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/indexing.h"
#include "runtime/refusal.h"

namespace emu {

Tensor leading(const Tensor &tensor, size_t count)
{
    Tensor view = tensor;
    view.shape.resize(count);
    view.strides.resize(count);
    return view;
}

Tensor trailing(const Tensor &tensor, size_t count)
{
    Tensor view = tensor;
    view.shape.erase(view.shape.begin(), view.shape.begin() + static_cast<ptrdiff_t>(count));
    view.strides.erase(view.strides.begin(), view.strides.begin() + static_cast<ptrdiff_t>(count));
    return view;
}

Shape index_shape(Call &call, Operand self, const std::vector<Operand> &indices)
{
    call.require(!indices.empty() && static_cast<int>(indices.size()) <= call[self].rank(), "%zu index tensors for %d dimensions", indices.size(),
        call[self].rank());
    Shape common;
    for (const Operand index : indices) {
        common = broadcast(common, call[index].shape);
    }
    return common;
}

std::vector<int64_t> indexed_positions(const Operands &x, Operand self, const std::vector<Operand> &indices, const Shape &common)
{
    std::vector<int64_t> positions(static_cast<size_t>(count_of(common)), x[self].offset);
    for (size_t d = 0; d < indices.size(); d++) {
        const std::vector<int64_t> values = to_integers(stretch(x[indices[d]], common));
        for (size_t i = 0; i < values.size(); i++) {
            positions[i] += checked_index(values[i], x[self].shape[d], true, "indices") * x[self].strides[d];
        }
    }
    return positions;
}

aclnnStatus aclnnScatterNdUpdateGetWorkspaceSize(aclTensor *varRef, const aclTensor *indices, const aclTensor *updates, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnScatterNdUpdate", workspaceSize, executor);
    const std::initializer_list<aclDataType> types = {ACL_FLOAT16, ACL_BF16, ACL_FLOAT, ACL_INT64, ACL_BOOL, ACL_INT8};
    const Operand v = call.reference(varRef, "varRef", types);
    const Operand i = call.input(indices, "indices", {ACL_INT32, ACL_INT64});
    const Operand u = call.input(updates, "updates", types);
    call.require(call[u].type == call[v].type, "updates is %s, varRef is %s", name_of(call[u].type), name_of(call[v].type));
    call.require(call[i].rank() >= 2, "indices has %d dimensions, at least 2 are needed", call[i].rank());
    const int64_t depth = call[i].dim(-1);
    call.require(depth >= 1 && depth <= 7 && depth <= call[v].rank(), "the last dimension of indices is %lld: at most 7 and varRef's %d dimensions",
        static_cast<long long>(depth), call[v].rank());
    Shape expected(call[i].shape.begin(), call[i].shape.end() - 1);
    expected.insert(expected.end(), call[v].shape.begin() + depth, call[v].shape.end());
    call.require_shape(u, expected);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> values = to_integers(x[i]);
        const size_t levels = static_cast<size_t>(depth);
        const Tensor rows = leading(x[u], x[i].shape.size() - 1);
        size_t at = 0;
        each_position(rows, [&](int64_t position) {
            Tensor from = trailing(x[u], rows.shape.size());
            from.offset = position;
            Tensor to = trailing(x[v], levels);
            for (size_t d = 0; d < levels; d++) {
                to.offset += checked_index(values[at++], x[v].shape[d], false, "indices") * x[v].strides[d];
            }
            copy_view(from, to);
        });
    });
}

aclnnStatus aclnnInplaceIndexCopyGetWorkspaceSize(aclTensor *selfRef, int64_t dim, const aclTensor *index, const aclTensor *source,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnInplaceIndexCopy", workspaceSize, executor);
    const Operand a = call.reference(selfRef, "selfRef",
        {ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT32, ACL_INT64, ACL_INT16, ACL_INT8, ACL_UINT8, ACL_DOUBLE, ACL_BOOL});
    const Operand i = call.input(index, "index", {ACL_INT32, ACL_INT64});
    const Operand s = call.input(source, "source");
    const int axis = axis_of(dim, call[a].rank());
    call.require(call[s].type == call[a].type, "source is %s, selfRef is %s", name_of(call[s].type), name_of(call[a].type));
    call.require(call[i].rank() <= 1, "index has %d dimensions, allowed is 1", call[i].rank());
    Shape expected = call[a].shape;
    expected[static_cast<size_t>(axis)] = call[i].count();
    call.require_shape(s, expected);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> values = to_integers(x[i]);
        for (size_t row = 0; row < values.size(); row++) {
            const int64_t target = checked_index(values[row], x[a].shape[static_cast<size_t>(axis)], false, "index");
            copy_view(without_axis(x[s], axis, static_cast<int64_t>(row)), without_axis(x[a], axis, target));
        }
    });
}

aclnnStatus aclnnIndexPutImplGetWorkspaceSize(aclTensor *selfRef, const aclTensorList *indices, const aclTensor *values, const bool accumulate,
    const bool, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnIndexPutImpl", workspaceSize, executor);
    const Operand a = call.reference(selfRef, "selfRef");
    const std::vector<Operand> list = call.inputs(indices, "indices", {ACL_INT32, ACL_INT64});
    const Operand v = call.input(values, "values");
    call.require(call[v].type == call[a].type, "values is %s, selfRef is %s", name_of(call[v].type), name_of(call[a].type));
    const Shape common = index_shape(call, a, list);
    Shape expected = common;
    expected.insert(expected.end(), call[a].shape.begin() + static_cast<ptrdiff_t>(list.size()), call[a].shape.end());
    call.require(broadcast(call[v].shape, expected) == expected, "values %s does not broadcast to %s", text_of(call[v].shape).c_str(),
        text_of(expected).c_str());
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> firsts = indexed_positions(x, a, list, common);
        const Tensor source = stretch(x[v], expected);
        const Tensor rows = leading(source, common.size());
        size_t at = 0;
        each_position(rows, [&](int64_t position) {
            Tensor from = trailing(source, common.size());
            from.offset = position;
            Tensor to = trailing(x[a], list.size());
            to.offset = firsts[at++];
            if (!accumulate) {
                copy_view(from, to);
                return;
            }
            std::vector<double> sums = to_doubles(to);
            const std::vector<double> more = to_doubles(from);
            for (size_t k = 0; k < sums.size(); k++) {
                sums[k] += more[k];
            }
            from_doubles(to, sums);
        });
    });
}

namespace {

/// self[..., index, ...] = source element by element along the axis; reduce 0 replaces, 1 adds, 2 multiplies.
aclnnStatus scatter(const char *op, const aclTensor *self, int64_t dim, const aclTensor *index, const aclTensor *src, const aclScalar *value,
    int64_t reduce, const aclTensor *out, bool inPlace, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = inPlace ? call.reference(self, "selfRef") : call.input(self, "self");
    const Operand i = call.input(index, "index", {ACL_INT32, ACL_INT64});
    const Operand s = value != nullptr ? Operand{} : call.input(src, "src");
    const std::shared_ptr<Scalar> constant = value != nullptr ? scalar_of(value, "value") : nullptr;
    const Operand o = inPlace ? a : call.output(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    call.require(reduce >= 0 && reduce <= 2, "reduce is %lld, allowed are 0 (replace), 1 (add), 2 (multiply)", static_cast<long long>(reduce));
    call.require(call[i].rank() == call[a].rank(), "index has %d dimensions, self %d", call[i].rank(), call[a].rank());
    call.require(!s || call[s].type == call[a].type, "src differs from self in type");
    for (int d = 0; d < call[a].rank(); d++) {
        call.require((d == axis || call[i].dim(d) <= call[a].dim(d)) && (!s || call[i].dim(d) <= call[s].dim(d)),
            "index is larger than self or src in dimension %d", d);
    }
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        if (!inPlace) {
            copy_view(x[a], x[o]);
        }
        const std::vector<int64_t> rows = to_integers(x[i]);
        std::vector<double> values(rows.size(), constant ? constant->number : 0.0);
        if (s) {
            Tensor source = x[s];
            source.shape = x[i].shape;
            values = to_doubles(source);
        }
        Tensor walk = x[o];
        walk.shape = x[i].shape;
        walk.strides[static_cast<size_t>(axis)] = 0;
        size_t at = 0;
        each_position(walk, [&](int64_t position) {
            const int64_t row = checked_index(rows[at], x[o].shape[static_cast<size_t>(axis)], true, "index");
            Tensor element = x[o];
            element.shape = {1};
            element.strides = {1};
            element.offset = position + row * x[o].strides[static_cast<size_t>(axis)];
            const double old = reduce == 0 ? 0.0 : to_doubles(element)[0];
            from_doubles(element, {reduce == 0 ? values[at] : reduce == 1 ? old + values[at] : old * values[at]});
            at++;
        });
    });
}

} // namespace

aclnnStatus aclnnScatterGetWorkspaceSize(const aclTensor *self, int64_t dim, const aclTensor *index, const aclTensor *src, int64_t reduce,
    aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return scatter("aclnnScatter", self, dim, index, src, nullptr, reduce, out, false, workspaceSize, executor);
}

aclnnStatus aclnnInplaceScatterGetWorkspaceSize(aclTensor *selfRef, int64_t dim, const aclTensor *index, const aclTensor *src, int64_t reduce,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return scatter("aclnnInplaceScatter", selfRef, dim, index, src, nullptr, reduce, selfRef, true, workspaceSize, executor);
}

aclnnStatus aclnnScatterValueGetWorkspaceSize(const aclTensor *self, int64_t dim, const aclTensor *index, const aclScalar *value, int64_t reduce,
    aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return scatter("aclnnScatterValue", self, dim, index, nullptr, value, reduce, out, false, workspaceSize, executor);
}

aclnnStatus aclnnInplaceScatterValueGetWorkspaceSize(aclTensor *selfRef, int64_t dim, const aclTensor *index, const aclScalar *value, int64_t reduce,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return scatter("aclnnInplaceScatterValue", selfRef, dim, index, nullptr, value, reduce, selfRef, true, workspaceSize, executor);
}

} // namespace emu
