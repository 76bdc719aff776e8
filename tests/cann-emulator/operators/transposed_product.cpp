// Batched product with permuted operands and output. Reference: ops-nn matmul/transpose_batch_mat_mul/docs/aclnnTransposeBatchMatMul.md.
#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/product.h"
#include "runtime/codes.h"

namespace emu {

namespace {

Tensor permuted(const Tensor &tensor, const std::vector<int64_t> &order)
{
    Tensor view = tensor;
    for (size_t i = 0; i < order.size(); i++) {
        view.shape[i] = tensor.shape[static_cast<size_t>(order[i])];
        view.strides[i] = tensor.strides[static_cast<size_t>(order[i])];
    }
    return view;
}

} // namespace

aclnnStatus aclnnTransposeBatchMatMulGetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *bias, const aclTensor *scale,
    const aclIntArray *permX1, const aclIntArray *permX2, const aclIntArray *permY, int8_t cubeMathType, const int32_t batchSplitFactor, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnTransposeBatchMatMul", workspaceSize, executor);
    const std::initializer_list<aclDataType> types = {ACL_BF16, ACL_FLOAT16, ACL_FLOAT};
    const Operand a = call.input(x1, "x1", types);
    const Operand b = call.input(x2, "x2", types);
    call.require(bias == nullptr, "bias is reserved: null");
    call.require(scale == nullptr, "the emulator has no quantised output: scale is null");
    const Operand o = call.output(out, "out", types);
    const std::vector<int64_t> left = values_of(permX1, "permX1");
    const std::vector<int64_t> right = values_of(permX2, "permX2");
    const std::vector<int64_t> result = values_of(permY, "permY");
    using Order = std::vector<int64_t>;
    call.require(left == Order{0, 1, 2} || left == Order{1, 0, 2}, "permX1 is [0,1,2] or [1,0,2]");
    call.require(right == Order{0, 1, 2} || right == Order{0, 2, 1}, "permX2 is [0,1,2] or [0,2,1]");
    call.require(result == Order{1, 0, 2}, "permY is [1,0,2]");
    call.require(cubeMathType >= 0 && cubeMathType <= 3, "cubeMathType is %d, allowed are 0..3", cubeMathType);
    call.require(call[a].rank() == 3 && call[b].rank() == 3 && call[a].type == call[b].type && call[o].type == call[a].type,
        "x1 and x2 have three dimensions, and one type with out");
    const Tensor x = permuted(call[a], left);
    const Tensor y = permuted(call[b], right);
    const int64_t batches = x.dim(0);
    const int64_t n = y.dim(2);
    call.require(y.dim(0) == batches && y.dim(1) == x.dim(2), "x1 gives %s, x2 %s", text_of(x.shape).c_str(), text_of(y.shape).c_str());
    call.require(batches >= 1 && batches < 65536 && n >= 1 && n < 65536, "B and N are below 65536");
    call.require((x.dim(2) < 65536 && right == Order{0, 1, 2}) || (batchSplitFactor == 1 && left == Order{1, 0, 2}),
        "K above 65535, or permX2 [0,2,1], go with permX1 [1,0,2] and batchSplitFactor 1");
    call.require(batchSplitFactor >= 1 && batches % batchSplitFactor == 0, "batchSplitFactor %d does not divide B %lld", batchSplitFactor,
        static_cast<long long>(batches));
    const Shape plain = {x.dim(1), batches, n};
    call.require_shape(o, batchSplitFactor == 1 ? plain : Shape{batchSplitFactor, x.dim(1), batches / batchSplitFactor * n});
    call.workspace(512);
    return call.plan([=](const Operands &t) {
        Tensor target = t[o]; // as [B, M, N]
        if (batchSplitFactor == 1) {
            target = permuted(target, {1, 0, 2});
        } else {
            const int64_t inside = batches / batchSplitFactor;
            target.shape = {batchSplitFactor, inside, x.dim(1), n};
            target.strides = {t[o].strides[0], n * t[o].strides[2], t[o].strides[1], t[o].strides[2]};
        }
        std::vector<float> values;
        const Tensor lhs = permuted(t[a], left);
        const Tensor rhs = permuted(t[b], right);
        for (int64_t batch = 0; batch < batches; batch++) {
            Tensor first = lhs;
            first.offset += batch * lhs.strides[0];
            Tensor second = rhs;
            second.offset += batch * rhs.strides[0];
            const std::vector<float> sums = product(matrix_at(first, first.offset), matrix_at(second, second.offset));
            values.insert(values.end(), sums.begin(), sums.end());
        }
        from_floats(target, values);
    });
}

} // namespace emu
