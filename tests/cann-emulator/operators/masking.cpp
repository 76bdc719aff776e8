// Comparisons, logic and masks. Reference: ops-math math/greater/docs/aclnnGtScalar&aclnnInplaceGtScalar.md and its neighbours (greater_equal, less,
// less_equal, equal, not_equal), math/logical_and, math/logical_or, math/logical_not, math/select/docs/aclnnSWhere.md,
// conversion/masked_fill/docs/aclnnInplaceMaskedFillScalar.md, conversion/tril, conversion/triu, math/range/docs/aclnnArange.md.
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"

namespace emu {

namespace {

template <class Compare>
aclnnStatus compare(const char *op, const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *size, aclOpExecutor **executor,
    Compare holds)
{
    Call call(op, size, executor);
    const Operand a = call.input(self, "self");
    const Operand b = call.input(other, "other");
    const Operand o = call.output(out, "out");
    promote(call[a].type, call[b].type);
    call.require_shape(o, broadcast(call[a].shape, call[b].shape));
    return call.plan([=](const Operands &x) {
        const std::vector<double> left = to_doubles(stretch(x[a], x[o].shape));
        const std::vector<double> right = to_doubles(stretch(x[b], x[o].shape));
        std::vector<int64_t> result(left.size());
        for (size_t i = 0; i < left.size(); i++) {
            result[i] = holds(left[i], right[i]) ? 1 : 0;
        }
        from_integers(x[o], result);
    });
}

template <class Compare>
aclnnStatus compare_scalar(const char *op, const aclTensor *self, const aclScalar *other, aclTensor *out, uint64_t *size, aclOpExecutor **executor,
    Compare holds)
{
    Call call(op, size, executor);
    const Operand a = call.input(self, "self");
    const std::shared_ptr<Scalar> scalar = scalar_of(other, "other");
    const Operand o = call.output(out, "out");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        const std::vector<double> left = to_doubles(x[a]);
        std::vector<int64_t> result(left.size());
        for (size_t i = 0; i < left.size(); i++) {
            result[i] = holds(left[i], scalar->number) ? 1 : 0;
        }
        from_integers(x[o], result);
    });
}

} // namespace

#define EMU_COMPARE(NAME, CONDITION) \
    aclnnStatus aclnn##NAME##TensorGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize, \
        aclOpExecutor **executor) \
    { \
        return compare("aclnn" #NAME "Tensor", self, other, out, workspaceSize, executor, [](double a, double b) { return CONDITION; }); \
    } \
    aclnnStatus aclnn##NAME##ScalarGetWorkspaceSize(const aclTensor *self, const aclScalar *other, aclTensor *out, uint64_t *workspaceSize, \
        aclOpExecutor **executor) \
    { \
        return compare_scalar("aclnn" #NAME "Scalar", self, other, out, workspaceSize, executor, [](double a, double b) { return CONDITION; }); \
    }

EMU_COMPARE(Gt, a > b)
EMU_COMPARE(Ge, a >= b)
EMU_COMPARE(Lt, a < b)
EMU_COMPARE(Le, a <= b)
EMU_COMPARE(Eq, a == b)
EMU_COMPARE(Ne, a != b)

aclnnStatus aclnnLogicalAndGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return compare("aclnnLogicalAnd", self, other, out, workspaceSize, executor, [](double a, double b) { return a != 0 && b != 0; });
}

aclnnStatus aclnnLogicalOrGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    return compare("aclnnLogicalOr", self, other, out, workspaceSize, executor, [](double a, double b) { return a != 0 || b != 0; });
}

aclnnStatus aclnnLogicalNotGetWorkspaceSize(const aclTensor *self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnLogicalNot", workspaceSize, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        std::vector<int64_t> result;
        for (const double value : to_doubles(x[a])) {
            result.push_back(value == 0 ? 1 : 0);
        }
        from_integers(x[o], result);
    });
}

aclnnStatus aclnnSWhereGetWorkspaceSize(const aclTensor *condition, const aclTensor *self, const aclTensor *other, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSWhere", workspaceSize, executor);
    const Operand c = call.input(condition, "condition", {ACL_BOOL, ACL_UINT8});
    const Operand a = call.input(self, "self");
    const Operand b = call.input(other, "other");
    const Operand o = call.output(out, "out");
    const aclDataType type = promote(call[a].type, call[b].type);
    require_convertible(type, call[o].type, "out");
    call.require_shape(o, broadcast(broadcast(call[a].shape, call[b].shape), call[c].shape));
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> choice = to_integers(stretch(x[c], x[o].shape));
        const Tensor left = stretch(x[a], x[o].shape);
        const Tensor right = stretch(x[b], x[o].shape);
        if (is_floating(type)) {
            std::vector<double> values = to_doubles(right);
            const std::vector<double> chosen = to_doubles(left);
            for (size_t i = 0; i < values.size(); i++) {
                values[i] = choice[i] != 0 ? chosen[i] : values[i];
            }
            from_doubles(x[o], values);
            return;
        }
        std::vector<int64_t> values = to_integers(right);
        const std::vector<int64_t> chosen = to_integers(left);
        for (size_t i = 0; i < values.size(); i++) {
            values[i] = choice[i] != 0 ? chosen[i] : values[i];
        }
        from_integers(x[o], values);
    });
}

aclnnStatus aclnnInplaceMaskedFillScalarGetWorkspaceSize(aclTensor *selfRef, const aclTensor *mask, const aclScalar *value, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnInplaceMaskedFillScalar", workspaceSize, executor);
    const Operand a = call.reference(selfRef, "selfRef", {ACL_BOOL, ACL_INT8, ACL_INT32, ACL_INT64, ACL_FLOAT, ACL_FLOAT16, ACL_BF16});
    const Operand m = call.input(mask, "mask", {ACL_BOOL});
    const std::shared_ptr<Scalar> scalar = scalar_of(value, "value");
    require_convertible(scalar->type, call[a].type, "value");
    call.require(broadcast(call[a].shape, call[m].shape) == call[a].shape, "mask %s does not broadcast to selfRef %s", text_of(call[m].shape).c_str(),
        text_of(call[a].shape).c_str());
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> chosen = to_integers(stretch(x[m], x[a].shape));
        std::vector<double> values = to_doubles(x[a]);
        for (size_t i = 0; i < values.size(); i++) {
            values[i] = chosen[i] != 0 ? scalar->number : values[i];
        }
        from_doubles(x[a], values);
    });
}

namespace {

aclnnStatus triangle(const char *op, const aclTensor *self, int64_t diagonal, bool lower, aclTensor *out, uint64_t *size, aclOpExecutor **executor)
{
    Call call(op, size, executor);
    const Operand a = call.input(self, "self");
    const Operand o = call.output(out, "out");
    call.require(call[a].rank() >= 2 && call[a].type == call[o].type, "self has two dimensions at least, and out its type");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        std::vector<double> values = to_doubles(x[a]);
        const int64_t rows = x[a].dim(-2);
        const int64_t columns = x[a].dim(-1);
        for (size_t i = 0; i < values.size(); i++) {
            const int64_t column = static_cast<int64_t>(i) % columns;
            const int64_t row = static_cast<int64_t>(i) / columns % rows;
            if (lower ? column - row > diagonal : column - row < diagonal) {
                values[i] = 0;
            }
        }
        from_doubles(x[o], values);
    });
}

} // namespace

aclnnStatus aclnnTrilGetWorkspaceSize(const aclTensor *self, int64_t diagonal, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return triangle("aclnnTril", self, diagonal, true, out, workspaceSize, executor);
}

aclnnStatus aclnnTriuGetWorkspaceSize(const aclTensor *self, int64_t diagonal, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    return triangle("aclnnTriu", self, diagonal, false, out, workspaceSize, executor);
}

aclnnStatus aclnnArangeGetWorkspaceSize(const aclScalar *start, const aclScalar *end, const aclScalar *step, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnArange", workspaceSize, executor);
    const double first = scalar_of(start, "start")->number;
    const double last = scalar_of(end, "end")->number;
    const double stride = scalar_of(step, "step")->number;
    const Operand o = call.output(out, "out");
    call.require(stride != 0 && (last - first) / stride >= 0, "step %g does not lead from %g to %g", stride, first, last);
    call.require_shape(o, {static_cast<int64_t>(std::ceil((last - first) / stride))});
    return call.plan([=](const Operands &x) {
        std::vector<double> values(static_cast<size_t>(x[o].count()));
        for (size_t i = 0; i < values.size(); i++) {
            values[i] = first + static_cast<double>(i) * stride;
        }
        from_doubles(x[o], values);
    });
}

} // namespace emu
