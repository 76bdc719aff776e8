// Element by element, with broadcast and type deduction.
// Reference: ops-math math/add/docs/aclnnAdd&aclnnInplaceAdd.md, math/sub, math/mul/docs/aclnnMul&aclnnInplaceMul.md, math/muls, math/real_div,
// math/maximum, math/minimum, math/exp, math/neg, math/rsqrt, math/sqrt, math/reciprocal, math/sin, math/cos; ops-nn activation/sigmoid,
// activation/relu, activation/swish/docs/aclnnSilu.md.
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "runtime/codes.h"

namespace emu {

namespace {

/// Integers stay exact; floating types are computed in FP32 (DOUBLE in double) and rounded through the deduced type, then to the output's.
template <class Floating, class Integral>
void combine(const Tensor &a, const Tensor &b, const Tensor &out, aclDataType type, Floating floating, Integral integral)
{
    const Tensor left = stretch(a, out.shape);
    const Tensor right = stretch(b, out.shape);
    if (type == ACL_DOUBLE) {
        std::vector<double> x = to_doubles(left);
        const std::vector<double> y = to_doubles(right);
        for (size_t i = 0; i < x.size(); i++) {
            x[i] = floating(x[i], y[i]);
        }
        from_doubles(out, x);
    } else if (is_floating(type)) {
        std::vector<float> x = to_floats(left);
        const std::vector<float> y = to_floats(right);
        for (size_t i = 0; i < x.size(); i++) {
            x[i] = round_through(type, static_cast<float>(floating(round_through(type, x[i]), round_through(type, y[i]))));
        }
        from_floats(out, x);
    } else {
        std::vector<int64_t> x = to_integers(left);
        const std::vector<int64_t> y = to_integers(right);
        for (size_t i = 0; i < x.size(); i++) {
            x[i] = integral(x[i], y[i]);
        }
        from_integers(out, x);
    }
}

template <class Floating, class Integral>
aclnnStatus binary(const char *op, const aclTensor *self, const aclTensor *other, const aclTensor *out, bool inPlace, uint64_t *size,
    aclOpExecutor **executor, Floating floating, Integral integral)
{
    Call call(op, size, executor);
    const Operand a = inPlace ? call.reference(self, "selfRef") : call.input(self, "self");
    const Operand b = call.input(other, "other");
    const Operand o = inPlace ? a : call.output(out, "out");
    const aclDataType type = promote(call[a].type, call[b].type);
    require_convertible(type, call[o].type, "out");
    call.require_shape(o, broadcast(call[a].shape, call[b].shape));
    return call.plan([=](const Operands &x) { combine(x[a], x[b], x[o], type, floating, integral); });
}

/// A scalar has the tensor's category or a lower one: it never raises the type, except a floating scalar over integers.
aclDataType with_scalar(aclDataType type, const Scalar &scalar)
{
    return !is_floating(type) && is_floating(scalar.type) ? ACL_FLOAT : type == ACL_BOOL ? scalar.type : type;
}

template <class Floating, class Integral>
aclnnStatus scalar_binary(const char *op, const aclTensor *self, const aclScalar *other, const aclTensor *out, bool inPlace, uint64_t *size,
    aclOpExecutor **executor, Floating floating, Integral integral)
{
    Call call(op, size, executor);
    const std::shared_ptr<Scalar> value = scalar_of(other, "other");
    const Operand a = inPlace ? call.reference(self, "selfRef") : call.input(self, "self");
    const Operand o = inPlace ? a : call.output(out, "out");
    const aclDataType type = with_scalar(call[a].type, *value);
    require_convertible(type, call[o].type, "out");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        if (!is_floating(type)) {
            std::vector<int64_t> elements = to_integers(x[a]);
            for (int64_t &element : elements) {
                element = integral(element, value->integer);
            }
            from_integers(x[o], elements);
            return;
        }
        // The scalar itself is not rounded to a half type: kernels take it in FP32.
        std::vector<float> elements = to_floats(x[a]);
        for (float &element : elements) {
            element = round_through(type, static_cast<float>(floating(element, static_cast<float>(value->number))));
        }
        from_floats(x[o], elements);
    });
}

template <class Function>
aclnnStatus unary(const char *op, const aclTensor *self, const aclTensor *out, bool inPlace, uint64_t *size, aclOpExecutor **executor,
    Function function)
{
    Call call(op, size, executor);
    const std::initializer_list<aclDataType> types = {ACL_FLOAT, ACL_FLOAT16, ACL_BF16};
    const Operand a = inPlace ? call.reference(self, "selfRef", types) : call.input(self, "self", types);
    const Operand o = inPlace ? a : call.output(out, "out", types);
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &x) {
        std::vector<float> values = to_floats(x[a]);
        for (float &value : values) {
            value = function(value);
        }
        from_floats(x[o], values);
    });
}

float sigmoid(float x)
{
    return 1.0f / (1.0f + std::exp(-x));
}

float relu(float x)
{
    return x > 0 || std::isnan(x) ? x : 0.0f;
}

/// self + alpha x other; `sign` is -1 for the subtractions.
aclnnStatus scaled_sum(const char *op, const aclTensor *self, const aclTensor *other, const aclScalar *alpha, const aclTensor *out, bool inPlace,
    int sign, uint64_t *size, aclOpExecutor **executor)
{
    const std::shared_ptr<Scalar> scale = scalar_of(alpha, "alpha");
    const auto floating = [scale, sign](auto a, auto b) { return a + static_cast<decltype(b)>(sign * scale->number) * b; };
    return binary(op, self, other, out, inPlace, size, executor, floating,
        [scale, sign](int64_t a, int64_t b) { return a + sign * scale->integer * b; });
}

aclnnStatus scaled_scalar(const char *op, const aclTensor *self, const aclScalar *other, const aclScalar *alpha, const aclTensor *out, bool inPlace,
    int sign, uint64_t *size, aclOpExecutor **executor)
{
    const std::shared_ptr<Scalar> scale = scalar_of(alpha, "alpha");
    return scalar_binary(op, self, other, out, inPlace, size, executor,
        [scale, sign](float a, float b) { return a + static_cast<float>(sign * scale->number) * b; },
        [scale, sign](int64_t a, int64_t b) { return a + sign * scale->integer * b; });
}

} // namespace

// The parameter lists repeat for every operator: the ABI table is their one source, the compiler compares.
#define EMU_OUT uint64_t *workspaceSize, aclOpExecutor **executor

aclnnStatus aclnnAddGetWorkspaceSize(const aclTensor *self, const aclTensor *other, const aclScalar *alpha, aclTensor *out, EMU_OUT)
{
    return scaled_sum("aclnnAdd", self, other, alpha, out, false, 1, workspaceSize, executor);
}

aclnnStatus aclnnInplaceAddGetWorkspaceSize(const aclTensor *selfRef, const aclTensor *other, const aclScalar *alpha, EMU_OUT)
{
    return scaled_sum("aclnnInplaceAdd", selfRef, other, alpha, selfRef, true, 1, workspaceSize, executor);
}

aclnnStatus aclnnSubGetWorkspaceSize(const aclTensor *self, const aclTensor *other, const aclScalar *alpha, aclTensor *out, EMU_OUT)
{
    return scaled_sum("aclnnSub", self, other, alpha, out, false, -1, workspaceSize, executor);
}

aclnnStatus aclnnAddsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, const aclScalar *alpha, aclTensor *out, EMU_OUT)
{
    return scaled_scalar("aclnnAdds", self, other, alpha, out, false, 1, workspaceSize, executor);
}

aclnnStatus aclnnInplaceAddsGetWorkspaceSize(const aclTensor *selfRef, const aclScalar *other, const aclScalar *alpha, EMU_OUT)
{
    return scaled_scalar("aclnnInplaceAdds", selfRef, other, alpha, selfRef, true, 1, workspaceSize, executor);
}

aclnnStatus aclnnSubsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, const aclScalar *alpha, aclTensor *out, EMU_OUT)
{
    return scaled_scalar("aclnnSubs", self, other, alpha, out, false, -1, workspaceSize, executor);
}

aclnnStatus aclnnMulGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, EMU_OUT)
{
    const auto product = [](auto a, auto b) { return a * b; };
    return binary("aclnnMul", self, other, out, false, workspaceSize, executor, product, product);
}

aclnnStatus aclnnInplaceMulGetWorkspaceSize(aclTensor *selfRef, const aclTensor *other, EMU_OUT)
{
    const auto product = [](auto a, auto b) { return a * b; };
    return binary("aclnnInplaceMul", selfRef, other, selfRef, true, workspaceSize, executor, product, product);
}

aclnnStatus aclnnMulsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, aclTensor *out, EMU_OUT)
{
    const auto product = [](auto a, auto b) { return a * b; };
    return scalar_binary("aclnnMuls", self, other, out, false, workspaceSize, executor, product, product);
}

aclnnStatus aclnnInplaceMulsGetWorkspaceSize(aclTensor *selfRef, const aclScalar *other, EMU_OUT)
{
    const auto product = [](auto a, auto b) { return a * b; };
    return scalar_binary("aclnnInplaceMuls", selfRef, other, selfRef, true, workspaceSize, executor, product, product);
}

aclnnStatus aclnnDivGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, EMU_OUT)
{
    const auto quotient = [](auto a, auto b) { return a / b; };
    return binary("aclnnDiv", self, other, out, false, workspaceSize, executor, quotient, [](int64_t a, int64_t b) { return b == 0 ? 0 : a / b; });
}

aclnnStatus aclnnDivsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, aclTensor *out, EMU_OUT)
{
    const auto quotient = [](float a, float b) { return a / b; };
    return scalar_binary("aclnnDivs", self, other, out, false, workspaceSize, executor, quotient, [](int64_t a, int64_t b) { return b == 0 ? 0 : a / b; });
}

aclnnStatus aclnnMaximumGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, EMU_OUT)
{
    const auto larger = [](auto a, auto b) { return a > b || a != a ? a : b; };
    return binary("aclnnMaximum", self, other, out, false, workspaceSize, executor, larger, larger);
}

aclnnStatus aclnnMinimumGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, EMU_OUT)
{
    const auto smaller = [](auto a, auto b) { return a < b || a != a ? a : b; };
    return binary("aclnnMinimum", self, other, out, false, workspaceSize, executor, smaller, smaller);
}

aclnnStatus aclnnSigmoidGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnSigmoid", self, out, false, workspaceSize, executor, sigmoid);
}

aclnnStatus aclnnInplaceSigmoidGetWorkspaceSize(aclTensor *selfRef, EMU_OUT)
{
    return unary("aclnnInplaceSigmoid", selfRef, selfRef, true, workspaceSize, executor, sigmoid);
}

aclnnStatus aclnnReluGetWorkspaceSize(const aclTensor *self, const aclTensor *out, EMU_OUT)
{
    return unary("aclnnRelu", self, out, false, workspaceSize, executor, relu);
}

aclnnStatus aclnnInplaceReluGetWorkspaceSize(aclTensor *selfRef, EMU_OUT)
{
    return unary("aclnnInplaceRelu", selfRef, selfRef, true, workspaceSize, executor, relu);
}

aclnnStatus aclnnSiluGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnSilu", self, out, false, workspaceSize, executor, [](float x) { return x * sigmoid(x); });
}

aclnnStatus aclnnExpGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnExp", self, out, false, workspaceSize, executor, [](float x) { return std::exp(x); });
}

aclnnStatus aclnnLogGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnLog", self, out, false, workspaceSize, executor, [](float x) { return std::log(x); });
}

aclnnStatus aclnnNegGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnNeg", self, out, false, workspaceSize, executor, [](float x) { return -x; });
}

aclnnStatus aclnnRsqrtGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnRsqrt", self, out, false, workspaceSize, executor, [](float x) { return 1.0f / std::sqrt(x); });
}

aclnnStatus aclnnSqrtGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnSqrt", self, out, false, workspaceSize, executor, [](float x) { return std::sqrt(x); });
}

aclnnStatus aclnnReciprocalGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnReciprocal", self, out, false, workspaceSize, executor, [](float x) { return 1.0f / x; });
}

aclnnStatus aclnnSinGetWorkspaceSize(const aclTensor *self, aclTensor *out, EMU_OUT)
{
    return unary("aclnnSin", self, out, false, workspaceSize, executor, [](float x) { return std::sin(x); });
}

aclnnStatus aclnnCosGetWorkspaceSize(const aclTensor *input, aclTensor *out, EMU_OUT)
{
    return unary("aclnnCos", input, out, false, workspaceSize, executor, [](float x) { return std::cos(x); });
}

} // namespace emu
