// Reading rows by index. An index outside of its dimension is a kernel fault (507035), as the pages forbid it without a defined result.
// Reference: ops-nn index/embedding/docs/aclnnEmbedding.md, index/gather_v2/docs/aclnnGatherV2.md and aclnnIndexSelect.md,
// index/gather_elements_v2/docs/aclnnGather.md, index/index/docs/aclnnIndex.md.
#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/indexing.h"
#include "runtime/memory.h"
#include "runtime/refusal.h"

namespace emu {

int64_t checked_index(int64_t index, int64_t size, bool negative, const char *name)
{
    if (index >= size || index < (negative ? -size : 0)) {
        refuse(kVectorException, "%s holds %lld, the dimension has %lld", name, static_cast<long long>(index), static_cast<long long>(size));
    }
    return index < 0 ? index + size : index;
}

void copy_element(const Tensor &from, int64_t fromPosition, const Tensor &to, int64_t toPosition)
{
    const size_t size = size_of(from.type);
    std::memcpy(device_memory::bytes(to.address) + static_cast<size_t>(toPosition) * size,
        device_memory::bytes(from.address) + static_cast<size_t>(fromPosition) * size, size);
}

Tensor without_axis(const Tensor &tensor, int axis, int64_t index)
{
    Tensor slice = tensor;
    slice.offset += index * tensor.strides[static_cast<size_t>(axis)];
    slice.shape.erase(slice.shape.begin() + axis);
    slice.strides.erase(slice.strides.begin() + axis);
    return slice;
}

namespace {

/// out = self with dimension `axis` replaced by the dimensions of index.
aclnnStatus take(const char *op, const aclTensor *self, int64_t dim, const aclTensor *index, const aclTensor *out, int mostIndexDimensions,
    const char *selfName, const char *indexName, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = call.input(self, selfName);
    const Operand i = call.input(index, indexName, {ACL_INT32, ACL_INT64});
    const Operand o = call.output(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    call.require(call[i].rank() <= mostIndexDimensions, "%s has %d dimensions, allowed are %d", indexName, call[i].rank(), mostIndexDimensions);
    call.require(call[o].type == call[a].type, "out is %s, %s is %s", name_of(call[o].type), selfName, name_of(call[a].type));
    Shape expected = call[a].shape;
    expected.erase(expected.begin() + axis);
    Shape indices = call[i].shape;
    if (indices.empty() && mostIndexDimensions == 1) {
        indices = {1};
    }
    expected.insert(expected.begin() + axis, indices.begin(), indices.end());
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        // The output with the index dimensions as one, so that every index owns one slice of the rest.
        const std::vector<int64_t> values = to_integers(x[i]);
        Tensor target = x[o];
        const size_t count = indices.size();
        target.shape.erase(target.shape.begin() + axis, target.shape.begin() + axis + static_cast<ptrdiff_t>(count));
        target.strides.erase(target.strides.begin() + axis, target.strides.begin() + axis + static_cast<ptrdiff_t>(count));
        Tensor starts = x[o];
        starts.shape = indices;
        starts.strides.assign(x[o].strides.begin() + axis, x[o].strides.begin() + axis + static_cast<ptrdiff_t>(count));
        size_t at = 0;
        each_position(starts, [&](int64_t position) {
            const int64_t row = checked_index(values[at++], x[a].shape[static_cast<size_t>(axis)], false, indexName);
            Tensor slice = target;
            slice.offset = position;
            copy_view(without_axis(x[a], axis, row), slice);
        });
    });
}

} // namespace

aclnnStatus aclnnEmbeddingGetWorkspaceSize(const aclTensor *weight, const aclTensor *indices, const aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return take("aclnnEmbedding", weight, 0, indices, out, 7, "weight", "indices", workspaceSize, executor);
}

aclnnStatus aclnnGatherV2GetWorkspaceSize(const aclTensor *self, int64_t dim, const aclTensor *index, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return take("aclnnGatherV2", self, dim, index, out, 8, "self", "index", workspaceSize, executor);
}

aclnnStatus aclnnIndexSelectGetWorkspaceSize(const aclTensor *self, int64_t dim, const aclTensor *index, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return take("aclnnIndexSelect", self, dim, index, out, 1, "self", "index", workspaceSize, executor);
}

aclnnStatus aclnnGatherGetWorkspaceSize(const aclTensor *self, const int64_t dim, const aclTensor *index, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnGather", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand i = call.input(index, "index", {ACL_INT32, ACL_INT64});
    const Operand o = call.output(out, "out");
    const int axis = axis_of(dim, call[a].rank());
    call.require(call[o].type == call[a].type, "out differs from self in type");
    call.require(call[i].rank() == call[a].rank(), "index has %d dimensions, self %d", call[i].rank(), call[a].rank());
    for (int d = 0; d < call[a].rank(); d++) {
        call.require(d == axis || call[i].dim(d) <= call[a].dim(d), "index is larger than self in dimension %d", d);
    }
    call.require_shape(o, call[i].shape);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> values = to_integers(x[i]);
        Tensor rows = x[a]; // walks index's shape over self, standing still along the axis
        rows.shape = x[i].shape;
        rows.strides[static_cast<size_t>(axis)] = 0;
        std::vector<int64_t> sources;
        each_position(rows, [&](int64_t position) { sources.push_back(position); });
        size_t at = 0;
        each_position(x[o], [&](int64_t position) {
            const int64_t row = checked_index(values[at], x[a].shape[static_cast<size_t>(axis)], true, "index");
            copy_element(x[a], sources[at++] + row * x[a].strides[static_cast<size_t>(axis)], x[o], position);
        });
    });
}

aclnnStatus aclnnIndexGetWorkspaceSize(const aclTensor *self, const aclTensorList *indices, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnIndex", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const std::vector<Operand> list = call.inputs(indices, "indices", {ACL_INT32, ACL_INT64});
    const Operand o = call.output(out, "out");
    const Shape common = index_shape(call, a, list);
    call.require(call[o].type == call[a].type, "out differs from self in type");
    Shape expected = common;
    expected.insert(expected.end(), call[a].shape.begin() + static_cast<ptrdiff_t>(list.size()), call[a].shape.end());
    call.require_shape(o, expected);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> firsts = indexed_positions(x, a, list, common);
        const Tensor rest = trailing(x[a], list.size());
        Tensor target = trailing(x[o], common.size());
        Tensor starts = leading(x[o], common.size());
        size_t at = 0;
        each_position(starts, [&](int64_t position) {
            Tensor from = rest;
            from.offset = firsts[at++];
            Tensor to = target;
            to.offset = position;
            copy_view(from, to);
        });
    });
}

} // namespace emu
