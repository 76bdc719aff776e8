// Rotary positions in interleaved form and the latent cache's prologue. Reference: ops-transformer posembedding/interleave_rope/docs/aclnnInterleaveRope.md,
// posembedding/kv_rms_norm_rope_cache/docs/aclnnKvRmsNormRopeCache.md.
#include <cmath>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/indexing.h"
#include "operators/rope.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

void interleaved_rope(const float *x, const float *cos, const float *sin, size_t width, float *to)
{
    // Even elements first, odd ones behind them, then half-rotated.
    const size_t half = width / 2;
    for (size_t i = 0; i < half; i++) {
        const float even = x[2 * i];
        const float odd = x[2 * i + 1];
        to[i] = even * cos[i] - odd * sin[i];
        to[half + i] = odd * cos[half + i] + even * sin[half + i];
    }
}

void rms_norm_row(const float *x, const float *gamma, size_t width, float epsilon, float *to)
{
    float squares = 0;
    for (size_t i = 0; i < width; i++) {
        squares += x[i] * x[i];
    }
    const float rms = std::sqrt(squares / static_cast<float>(width) + epsilon);
    for (size_t i = 0; i < width; i++) {
        to[i] = x[i] / rms * gamma[i];
    }
}

namespace {

const std::initializer_list<aclDataType> kHalf = {ACL_FLOAT16, ACL_BF16};

/// cos and sin [B, 1, S or 1, D] stretched over [B, N, S, D].
std::vector<float> angles(const Tensor &tensor, const Shape &shape)
{
    return to_floats(stretch(tensor, shape));
}

void check_angles(Call &call, Operand operand, const Shape &shape, const char *name)
{
    const Shape &given = call[operand].shape;
    const bool fits = given.size() == 4 && given[0] == shape[0] && given[1] == 1 && (given[2] == 1 || given[2] == shape[2]) && given[3] == shape[3];
    call.require(fits, "%s has shape %s, expected [%lld,1,%lld or 1,%lld]", name, text_of(given).c_str(), static_cast<long long>(shape[0]),
        static_cast<long long>(shape[2]), static_cast<long long>(shape[3]));
}

} // namespace

aclnnStatus aclnnInterleaveRopeGetWorkspaceSize(const aclTensor *x, const aclTensor *cos, const aclTensor *sin, aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor)
{
    Call call("aclnnInterleaveRope", workspaceSize, executor);
    const Operand a = call.input(x, "x", kHalf);
    const Operand c = call.input(cos, "cos", kHalf);
    const Operand s = call.input(sin, "sin", kHalf);
    const Operand o = call.output(out, "out", kHalf);
    const aclDataType type = call[a].type;
    call.require(call[c].type == type && call[s].type == type && call[o].type == type, "x, cos, sin and out have one type");
    call.require(call[a].rank() == 4 && call[a].dim(3) == 64, "x has shape %s, expected [B,N,S,64]", text_of(call[a].shape).c_str());
    check_angles(call, c, call[a].shape, "cos");
    check_angles(call, s, call[a].shape, "sin");
    call.require_shape(o, call[a].shape);
    return call.plan([=](const Operands &t) {
        std::vector<float> values = to_floats(t[a]);
        const std::vector<float> cosines = angles(t[c], t[a].shape);
        const std::vector<float> sines = angles(t[s], t[a].shape);
        std::vector<float> result(values.size());
        for (size_t at = 0; at < values.size(); at += 64) {
            interleaved_rope(values.data() + at, cosines.data() + at, sines.data() + at, 64, result.data() + at);
        }
        from_floats(t[o], result);
    });
}

aclnnStatus aclnnKvRmsNormRopeCacheGetWorkspaceSize(const aclTensor *kv, const aclTensor *gamma, const aclTensor *cos, const aclTensor *sin,
    const aclTensor *index, aclTensor *kCacheRef, aclTensor *ckvCacheRef, const aclTensor *kRopeScaleOptional, const aclTensor *cKvScaleOptional,
    const aclTensor *kRopeOffsetOptional, const aclTensor *cKvOffsetOptional, double epsilon, char *cacheModeOptional, bool isOutputKv,
    const aclTensor *kRopeOut, const aclTensor *cKvOut, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnKvRmsNormRopeCache", workspaceSize, executor);
    const Operand a = call.input(kv, "kv", kHalf);
    const Operand g = call.input(gamma, "gamma", kHalf);
    const Operand c = call.input(cos, "cos", kHalf);
    const Operand s = call.input(sin, "sin", kHalf);
    const Operand i = call.input(index, "index", {ACL_INT64});
    const Operand kCache = call.reference(kCacheRef, "kCacheRef", {ACL_FLOAT16, ACL_BF16, ACL_INT8});
    const Operand vCache = call.reference(ckvCacheRef, "ckvCacheRef", {ACL_FLOAT16, ACL_BF16, ACL_INT8});
    for (const aclTensor *absent : {kRopeScaleOptional, cKvScaleOptional, kRopeOffsetOptional, cKvOffsetOptional}) {
        call.require(absent == nullptr, "the emulator writes unquantised caches: scales and offsets are null");
    }
    const Operand kOut = isOutputKv ? call.output(kRopeOut, "kRopeOut", kHalf) : call.optional_output(kRopeOut, "kRopeOut", kHalf);
    const Operand vOut = isOutputKv ? call.output(cKvOut, "cKvOut", kHalf) : call.optional_output(cKvOut, "cKvOut", kHalf);
    const aclDataType type = call[a].type;
    call.require(call[g].type == type && call[c].type == type && call[s].type == type && call[kCache].type == type && call[vCache].type == type,
        "gamma, cos, sin and the caches have kv's type");
    const std::string mode = cacheModeOptional == nullptr ? "Norm" : cacheModeOptional;
    const bool paged = mode == "PA" || mode == "PA_BNSD";
    call.require(paged || mode == "Norm", "the emulator has the cache modes Norm, PA and PA_BNSD, not %s", mode.c_str());
    const auto tiling = [](bool condition, const char *rule) {
        if (!condition) {
            refuse(kNnTiling, "%s", rule);
        }
    };
    tiling(call[a].rank() == 4 && call[a].dim(1) == 1 && call[a].count() > 0, "kv is [B, 1, S, D]");
    const int64_t wide = call[g].count();
    const int64_t rope = call[a].dim(3) - wide;
    tiling(call[g].rank() == 1 && rope > 0 && rope % 2 == 0, "gamma is [Dv], and D - Dv even");
    const Shape angle = {call[a].dim(0), 1, call[a].dim(2), rope};
    check_angles(call, c, angle, "cos");
    call.require_shape(s, call[c].shape);
    for (const Operand cache : {kCache, vCache}) {
        tiling(call[cache].rank() == 4 && call[cache].dim(3) == (cache.index == kCache.index ? rope : wide), "the caches end in Dk and Dv");
        tiling(call[cache].dim(paged ? 2 : 1) == 1, "the caches hold one head");
        tiling(!paged || call[cache].dim(1) % 16 == 0, "the block size is a multiple of 16");
    }
    const int64_t tokens = call[a].dim(0) * call[a].dim(2);
    tiling(call[i].shape == (paged ? Shape{tokens} : Shape{call[a].dim(0), call[a].dim(2)}), "index has one place per token: [B * S] when paged, [B, S] for Norm");
    if (isOutputKv) {
        call.require_shape(kOut, angle);
        call.require_shape(vOut, {angle[0], 1, angle[2], wide});
    }
    return call.plan([=](const Operands &t) {
        const std::vector<float> values = to_floats(t[a]);
        const std::vector<float> weights = to_floats(t[g]);
        const std::vector<float> cosines = angles(t[c], angle);
        const std::vector<float> sines = angles(t[s], angle);
        const std::vector<int64_t> places = to_integers(t[i]);
        std::vector<float> keys(static_cast<size_t>(tokens * rope));
        std::vector<float> latents(static_cast<size_t>(tokens * wide));
        for (int64_t token = 0; token < tokens; token++) {
            const float *row = values.data() + token * (wide + rope);
            rms_norm_row(row, weights.data(), static_cast<size_t>(wide), static_cast<float>(epsilon), latents.data() + token * wide);
            interleaved_rope(row + wide, cosines.data() + token * rope, sines.data() + token * rope, static_cast<size_t>(rope), keys.data() + token * rope);
            const int64_t place = places[static_cast<size_t>(token)];
            if (place == -1) {
                continue;
            }
            for (const Operand cache : {kCache, vCache}) {
                const Tensor &to = t[cache];
                const float *from = cache.index == kCache.index ? keys.data() + token * rope : latents.data() + token * wide;
                const int64_t size = to.dim(paged ? 1 : 2);
                const int64_t slots = paged ? to.dim(0) * size : size;
                const int64_t slot = checked_index(place, slots, false, "index");
                const int64_t first = paged ? slot / size * to.strides[0] + slot % size * to.strides[1]
                                            : token / angle[2] * to.strides[0] + slot * to.strides[2];
                write_row(to, to.offset + first, to.strides[3], to.dim(3), from);
            }
        }
        if (isOutputKv) {
            from_floats(t[kOut], keys);
            from_floats(t[vOut], latents);
        }
    });
}

} // namespace emu
