// Matrix products in FP32. Reference: ops-nn matmul/mat_mul_v3/docs/aclnnMm.md, aclnnMatmul.md and aclnnMatmulWeightNz.md,
// matmul/batch_mat_mul_v3/docs/aclnnBatchMatMul.md.
#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/layout.h"
#include "operators/product.h"
#include "runtime/codes.h"

namespace emu {

namespace {

constexpr int64_t kLongestInner = 65535;

void check_types(Call &call, Operand a, Operand b, Operand o, int8_t cubeMathType)
{
    const aclDataType left = call[a].type;
    const aclDataType right = call[b].type;
    const bool brain = (left == ACL_BF16) != (right == ACL_BF16);
    call.require(!brain, "self is %s and mat2 %s: BFLOAT16 goes with BFLOAT16 only on A2 and A3", name_of(left), name_of(right));
    call.require(cubeMathType >= 0 && cubeMathType <= 4, "cubeMathType is %d, allowed are 0..4", cubeMathType);
    const aclDataType deduced = promote(left, right);
    // 950 alone writes FP32 from half inputs (BatchMatMul, Mm); elsewhere a wider output holds a result that was rounded to the inputs' type.
    require_convertible(deduced, call[o].type, "out");
}

/// The last dimension as it lies in memory: of a transposed view, the one with stride 1.
void check_inner(Call &call, Operand operand, const char *name)
{
    const Tensor &tensor = call[operand];
    const int64_t inner = tensor.rank() >= 2 && tensor.strides[static_cast<size_t>(tensor.rank() - 1)] != 1 ? tensor.dim(-2) : tensor.dim(-1);
    call.require(inner <= kLongestInner, "the last dimension of %s is %lld, a matrix product takes at most 65535", name, static_cast<long long>(inner));
}

/// out[b] = self[b] x mat2[b] over the batches of the broadcast shape.
aclnnStatus multiply(const char *op, const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType, int least, int most,
    uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const std::initializer_list<aclDataType> types = {ACL_BF16, ACL_FLOAT16, ACL_FLOAT};
    const Operand a = call.input(self, "self", types);
    const Operand b = call.input(mat2, "mat2", types);
    const Operand o = call.output(out, "out", types);
    check_types(call, a, b, o, cubeMathType);
    for (const Operand operand : {a, b}) {
        call.require(call[operand].rank() >= least && call[operand].rank() <= most, "%s has %d dimensions, allowed are %d to %d",
            operand.index == a.index ? "self" : "mat2", call[operand].rank(), least, most);
        check_inner(call, operand, operand.index == a.index ? "self" : "mat2");
    }
    Shape left = call[a].shape;
    Shape right = call[b].shape;
    const bool row = left.size() == 1;
    const bool column = right.size() == 1;
    if (row) {
        left.insert(left.begin(), 1);
    }
    if (column) {
        right.push_back(1);
    }
    call.require(left.back() == right[right.size() - 2], "inner dimensions differ: self %s, mat2 %s", text_of(left).c_str(), text_of(right).c_str());
    const Shape batch = broadcast(Shape(left.begin(), left.end() - 2), Shape(right.begin(), right.end() - 2));
    Shape expected = batch;
    if (!row) {
        expected.push_back(left[left.size() - 2]);
    }
    if (!column) {
        expected.push_back(right.back());
    }
    call.require_shape(o, expected);
    const aclDataType deduced = promote(call[a].type, call[b].type);
    call.workspace(512);
    // 0 keeps the inputs' type, 4 sums in groups; 1 and 3 let FP32 be read as HFLOAT32 (2, as FLOAT16, is no better).
    const bool reduced = cubeMathType >= 1 && cubeMathType <= 3;
    return call.plan([=](const Operands &x) { multiply_batches(x[a], x[b], x[o], deduced, reduced); });
}

} // namespace

aclnnStatus aclnnMmGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return multiply("aclnnMm", self, mat2, out, cubeMathType, 2, 2, workspaceSize, executor);
}

aclnnStatus aclnnMatmulGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return multiply("aclnnMatmul", self, mat2, out, cubeMathType, 1, 6, workspaceSize, executor);
}

aclnnStatus aclnnBatchMatMulGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return multiply("aclnnBatchMatMul", self, mat2, out, cubeMathType, 3, 3, workspaceSize, executor);
}

aclnnStatus aclnnMatmulWeightNzGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMatmulWeightNz", workspaceSize, executor);
    const Operand a = call.input(self, "self", {ACL_BF16, ACL_FLOAT16});
    const Operand b = call.or_nz().input(mat2, "mat2", {ACL_BF16, ACL_FLOAT16});
    const Operand o = call.output(out, "out", {ACL_BF16, ACL_FLOAT16});
    call.require(call[a].type == call[b].type && call[o].type == call[a].type, "self, mat2 and out have one type");
    call.require(cubeMathType >= 0 && cubeMathType <= 3, "cubeMathType is %d, allowed are 0..3", cubeMathType);
    call.require(call[a].rank() == 2, "self has %d dimensions, expected 2", call[a].rank());
    call.require(call[b].format == ACL_FORMAT_FRACTAL_NZ && call[b].rank() == 4, "mat2 is FRACTAL_NZ and shown as its storage, [N1, K1, 16, 16]");
    check_inner(call, a, "self");
    const Weight weight = weight_of(call, b, "mat2");
    const int64_t m = call[a].dim(0);
    const int64_t k = call[a].dim(1);
    const int64_t n = call[o].rank() == 2 ? call[o].dim(1) : 0;
    call.require(weight.rows >= k && weight.rows < k + 16 && weight.columns >= n && weight.columns < n + 16, "self has K %lld, out N %lld, mat2 is %lld by %lld",
        static_cast<long long>(k), static_cast<long long>(n), static_cast<long long>(weight.rows), static_cast<long long>(weight.columns));
    call.require(k > 1 && n > 1, "a dimension of 1 has no FRACTAL_NZ");
    call.require_shape(o, {m, n});
    call.workspace(512);
    return call.plan([=](const Operands &x) {
        const std::vector<float> matrix = weight_values(x[b], weight, 0);
        const std::vector<float> rows = to_floats(x[a]);
        std::vector<float> sums(static_cast<size_t>(m * n), 0.0f);
        for (int64_t row = 0; row < m; row++) {
            float *to = sums.data() + row * n;
            for (int64_t i = 0; i < k; i++) {
                const float factor = rows[static_cast<size_t>(row * k + i)];
                const float *line = matrix.data() + i * weight.columns;
                for (int64_t j = 0; j < n; j++) {
                    to[j] += factor * line[j];
                }
            }
        }
        from_floats(x[o], sums);
    });
}

} // namespace emu
