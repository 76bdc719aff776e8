// What comes before latent attention, in one operator. Reference: ops-transformer attention/mla_prolog_v3/docs/aclnnMlaPrologV3WeightNz.md (widths of
// 9.0 and before: 1536 and 128 only). The page writes ROPE without saying which elements pair; engines exchange its caches with those of
// InterleaveRope and KvRmsNormRopeCache, so it pairs and writes as those do. Products leave the cube cores in BFLOAT16.
#include <cmath>

#include "abi_functions.h"
#include "operators/executor.h"
#include "operators/indexing.h"
#include "operators/layout.h"
#include "operators/numbers.h"
#include "operators/quantisation.h"
#include "operators/rope.h"
#include "runtime/profile.h"

namespace emu {

namespace {

using Rows = std::vector<float>;

struct Widths {
    int64_t tokens, hidden, query, heads, nope, latent, rope;
};

/// rows x matrix; sums in FP32, or in whole numbers of INT8 that are scaled by row and column.
Rows multiply(const Rows &rows, const Rows &matrix, int64_t count, int64_t inner, int64_t outer)
{
    Rows sums(static_cast<size_t>(count * outer), 0.0f);
    for (int64_t row = 0; row < count; row++) {
        float *to = sums.data() + row * outer;
        for (int64_t k = 0; k < inner; k++) {
            const float factor = rows[static_cast<size_t>(row * inner + k)];
            const float *line = matrix.data() + k * outer;
            for (int64_t n = 0; factor != 0 && n < outer; n++) {
                to[n] += factor * line[n];
            }
        }
    }
    return sums;
}

void round_all(Rows &values)
{
    for (float &value : values) {
        value = round_through(ACL_BF16, value);
    }
}

void scale_all(Rows &values, const Rows &byRow, const Rows &byColumn)
{
    const size_t outer = byColumn.size();
    for (size_t i = 0; i < values.size(); i++) {
        values[i] *= byRow[i / outer] * byColumn[i % outer];
    }
}

/// One of the three weights in FRACTAL_NZ, with its scales where it is INT8.
struct Packed {
    Operand values;
    Weight weight;
    Operand scales;
};

void check_packed(Call &call, Packed &packed, const char *name, int64_t rows, int64_t columns)
{
    call.require(call[packed.values].format == ACL_FORMAT_FRACTAL_NZ, "%s is ND, it has to be FRACTAL_NZ", name);
    packed.weight = weight_of(call, packed.values, name);
    call.require(packed.weight.rows == rows && packed.weight.columns == columns, "%s is %lld by %lld, expected %lld by %lld", name,
        static_cast<long long>(packed.weight.rows), static_cast<long long>(packed.weight.columns), static_cast<long long>(rows),
        static_cast<long long>(columns));
    if (packed.scales) {
        call.require_shape(packed.scales, {1, columns});
    }
}

bool one_of(int64_t value, std::initializer_list<int64_t> allowed)
{
    for (const int64_t other : allowed) {
        if (value == other) {
            return true;
        }
    }
    return false;
}

void check_widths(Call &call, const Widths &w)
{
    const bool newest = cann_at_least(9, 1);
    call.require(one_of(w.hidden, {1024, 2048, 3072, 4096, 5120, 6144, 7168, 7680, 8192}), "He is %lld, none of the listed sizes", static_cast<long long>(w.hidden));
    call.require(w.query == 1536 || (newest && w.query == 2048), "Hcq is %lld: 1536, and 2048 since 9.1", static_cast<long long>(w.query));
    call.require(w.nope == 128 || (newest && w.nope == 192), "D is %lld: 128, and 192 since 9.1", static_cast<long long>(w.nope));
    call.require(w.latent == 512 && w.rope == 64, "Hckv is 512 and Dr 64");
    call.require(w.heads >= 1 && w.heads <= 128 && (w.heads & (w.heads - 1)) == 0, "N is %lld: a power of two up to 128", static_cast<long long>(w.heads));
}

void check_cache(Call &call, Operand cache, int64_t width, const char *name)
{
    const Tensor &tensor = call[cache];
    call.require(tensor.rank() == 4 && tensor.dim(2) == 1 && tensor.dim(3) == width && tensor.dim(1) % 16 == 0 && tensor.dim(1) >= 16 && tensor.dim(1) <= 1024,
        "%s has shape %s, expected [BlockNum, BlockSize, 1, %lld] with a BlockSize of 16 to 1024 by 16", name, text_of(tensor.shape).c_str(),
        static_cast<long long>(width));
    call.require_contiguous(cache);
}

void write_paged(const Tensor &cache, int64_t place, const float *row)
{
    const int64_t size = cache.dim(1);
    const int64_t slot = checked_index(place, cache.dim(0) * size, false, "cacheIndex");
    write_row(cache, cache.offset + slot / size * cache.strides[0] + slot % size * cache.strides[1], cache.strides[3], cache.dim(3), row);
}

} // namespace

aclnnStatus aclnnMlaPrologV3WeightNzGetWorkspaceSize(const aclTensor *tokenX, const aclTensor *weightDq, const aclTensor *weightUqQr, const aclTensor *weightUk,
    const aclTensor *weightDkvKr, const aclTensor *rmsnormGammaCq, const aclTensor *rmsnormGammaCkv, const aclTensor *ropeSin, const aclTensor *ropeCos,
    aclTensor *kvCacheRef, aclTensor *krCacheRef, const aclTensor *cacheIndexOptional, const aclTensor *dequantScaleXOptional,
    const aclTensor *dequantScaleWDqOptional, const aclTensor *dequantScaleWUqQrOptional, const aclTensor *dequantScaleWDkvKrOptional,
    const aclTensor *quantScaleCkvOptional, const aclTensor *quantScaleCkrOptional, const aclTensor *smoothScalesCqOptional,
    const aclTensor *actualSeqLenOptional, const aclTensor *kNopeClipAlphaOptional, double rmsnormEpsilonCq, double rmsnormEpsilonCkv,
    char *cacheModeOptional, int64_t weightQuantMode, int64_t kvCacheQuantMode, int64_t queryQuantMode, int64_t ckvkrRepoMode, int64_t quantScaleRepoMode,
    int64_t, double qcQrScale, double kcScale, const aclTensor *queryOut, const aclTensor *queryRopeOut, const aclTensor *dequantScaleQNopeOutOptional,
    const aclTensor *queryNormOutOptional, const aclTensor *dequantScaleQNormOutOptional, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnMlaPrologV3WeightNz", workspaceSize, executor);
    call.require(weightQuantMode == 0 || weightQuantMode == 2, "the emulator has weightQuantMode 0 and 2, not %lld", static_cast<long long>(weightQuantMode));
    call.require(kvCacheQuantMode == 0 && queryQuantMode == 0 && ckvkrRepoMode == 0 && quantScaleRepoMode == 0,
        "the emulator writes unquantised caches, each on its own: the four modes are 0");
    const std::string mode = cacheModeOptional == nullptr ? "PA_BSND" : cacheModeOptional;
    call.require(mode == "PA_BSND", "the emulator has the cache mode PA_BSND, not %s", mode.c_str());
    const bool quantised = weightQuantMode == 2;
    const aclDataType type = quantised ? ACL_INT8 : ACL_BF16;
    // In the order of the parameters: executors know their tensors by it.
    Packed down, up, latents;
    const Operand x = call.input(tokenX, "tokenX", {type});
    down.values = call.or_nz().input(weightDq, "weightDq", {type});
    up.values = call.or_nz().input(weightUqQr, "weightUqQr", {type});
    const Operand uk = call.input(weightUk, "weightUk", {ACL_BF16});
    latents.values = call.or_nz().input(weightDkvKr, "weightDkvKr", {type});
    const Operand gq = call.input(rmsnormGammaCq, "rmsnormGammaCq", {ACL_BF16});
    const Operand gkv = call.input(rmsnormGammaCkv, "rmsnormGammaCkv", {ACL_BF16});
    const Operand sin = call.input(ropeSin, "ropeSin", {ACL_BF16});
    const Operand cos = call.input(ropeCos, "ropeCos", {ACL_BF16});
    const Operand kv = call.reference(kvCacheRef, "kvCacheRef", {ACL_BF16});
    const Operand kr = call.reference(krCacheRef, "krCacheRef", {ACL_BF16});
    const Operand places = call.input(cacheIndexOptional, "cacheIndexOptional", {ACL_INT64});
    const auto scale = [&](const aclTensor *tensor, const char *name) {
        call.require((tensor != nullptr) == quantised, "%s goes with weightQuantMode 2, and is needed there", name);
        return call.optional(tensor, name, {ACL_FLOAT});
    };
    const Operand xs = scale(dequantScaleXOptional, "dequantScaleXOptional");
    down.scales = scale(dequantScaleWDqOptional, "dequantScaleWDqOptional");
    up.scales = scale(dequantScaleWUqQrOptional, "dequantScaleWUqQrOptional");
    latents.scales = scale(dequantScaleWDkvKrOptional, "dequantScaleWDkvKrOptional");
    const auto absent = [&](const aclTensor *tensor, const char *name) {
        call.require(tensor == nullptr, "%s goes with quantised or block-wise caches", name);
        call.optional(nullptr, name);
    };
    absent(quantScaleCkvOptional, "quantScaleCkvOptional");
    absent(quantScaleCkrOptional, "quantScaleCkrOptional");
    call.require(smoothScalesCqOptional == nullptr || quantised, "smoothScalesCqOptional goes with quantised weights");
    const Operand smooth = call.optional(smoothScalesCqOptional, "smoothScalesCqOptional", {ACL_FLOAT});
    absent(actualSeqLenOptional, "actualSeqLenOptional");
    absent(kNopeClipAlphaOptional, "kNopeClipAlphaOptional");
    const Operand q = call.output(queryOut, "queryOut", {ACL_BF16});
    const Operand qr = call.output(queryRopeOut, "queryRopeOut", {ACL_BF16});
    call.require(dequantScaleQNopeOutOptional == nullptr, "dequantScaleQNopeOutOptional goes with a quantised query");
    call.optional_output(nullptr, "dequantScaleQNopeOutOptional");
    const Operand qn = call.optional_output(queryNormOutOptional, "queryNormOutOptional", {type});
    call.require((dequantScaleQNormOutOptional != nullptr) == (quantised && queryNormOutOptional != nullptr),
        "dequantScaleQNormOutOptional goes with an INT8 queryNormOutOptional");
    const Operand qns = call.optional_output(dequantScaleQNormOutOptional, "dequantScaleQNormOutOptional", {ACL_FLOAT});

    call.require(call[x].rank() == 2, "the emulator takes tokenX as [T, He]");
    call.require(call[uk].rank() == 3 && call[gq].rank() == 1 && call[gkv].rank() == 1 && call[sin].rank() == 2,
        "weightUk is [N, D, Hckv], gammas are vectors, ropeSin [T, Dr]");
    const Widths w = {call[x].dim(0), call[x].dim(1), call[gq].dim(0), call[uk].dim(0), call[uk].dim(1), call[gkv].dim(0), call[sin].dim(1)};
    check_widths(call, w);
    call.require_shape(uk, {w.heads, w.nope, w.latent});
    call.require_shape(sin, {w.tokens, w.rope});
    call.require_shape(cos, {w.tokens, w.rope});
    call.require_shape(q, {w.tokens, w.heads, w.latent});
    call.require_shape(qr, {w.tokens, w.heads, w.rope});
    check_packed(call, down, "weightDq", w.hidden, w.query);
    check_packed(call, up, "weightUqQr", w.query, w.heads * (w.nope + w.rope));
    check_packed(call, latents, "weightDkvKr", w.hidden, w.latent + w.rope);
    check_cache(call, kv, w.latent, "kvCacheRef");
    check_cache(call, kr, w.rope, "krCacheRef");
    call.require_shape(places, {w.tokens});
    if (xs) {
        call.require_shape(xs, {w.tokens, 1});
    }
    if (qn) {
        call.require_shape(qn, {w.tokens, w.query});
    }
    if (qns) {
        call.require_shape(qns, {w.tokens, 1});
    }
    call.workspace(1 << 20);
    const float epsilonQ = static_cast<float>(rmsnormEpsilonCq);
    const float epsilonKv = static_cast<float>(rmsnormEpsilonCkv);
    const float queryFactor = static_cast<float>(qcQrScale);
    const float keyFactor = static_cast<float>(kcScale);
    return call.plan([=](const Operands &t) {
        const Rows rows = to_floats(t[x]);
        const Rows rowScales = quantised ? to_floats(t[xs]) : Rows();
        const auto product = [&](const Rows &left, const Rows &leftScales, const Packed &right) {
            Rows sums = multiply(left, weight_values(t[right.values], right.weight, 0), w.tokens, right.weight.rows, right.weight.columns);
            if (quantised) {
                scale_all(sums, leftScales, to_floats(t[right.scales]));
            }
            round_all(sums);
            return sums;
        };
        // The first and second path: the query.
        Rows compressed = product(rows, rowScales, down);
        const Rows gammaQ = to_floats(t[gq]);
        Rows queryScales;
        for (int64_t token = 0; token < w.tokens; token++) {
            float *row = compressed.data() + token * w.query;
            rms_norm_row(row, gammaQ.data(), static_cast<size_t>(w.query), epsilonQ, row);
            for (int64_t i = 0; i < w.query; i++) {
                row[i] = round_through(ACL_BF16, row[i] * queryFactor);
            }
        }
        if (quantised) {
            const Rows factors = smooth ? to_floats(t[smooth]) : Rows();
            for (int64_t token = 0; token < w.tokens; token++) {
                float *row = compressed.data() + token * w.query;
                for (size_t i = 0; i < factors.size(); i++) {
                    row[i] *= factors[i];
                }
                queryScales.push_back(quantise_row(row, static_cast<size_t>(w.query)));
            }
        }
        if (qn) {
            from_floats(t[qn], compressed);
        }
        if (qns) {
            from_floats(t[qns], queryScales);
        }
        const Rows heads = product(compressed, queryScales, up);
        const Rows keys = to_floats(t[uk]);
        const Rows cosines = to_floats(t[cos]);
        const Rows sines = to_floats(t[sin]);
        Rows absorbed(static_cast<size_t>(w.tokens * w.heads * w.latent));
        Rows turned(static_cast<size_t>(w.tokens * w.heads * w.rope));
        for (int64_t token = 0; token < w.tokens; token++) {
            for (int64_t head = 0; head < w.heads; head++) {
                const float *from = heads.data() + (token * w.heads + head) * (w.nope + w.rope);
                const Rows sums = multiply(Rows(from, from + w.nope), Rows(keys.begin() + head * w.nope * w.latent, keys.begin() + (head + 1) * w.nope * w.latent), 1,
                    w.nope, w.latent);
                std::copy(sums.begin(), sums.end(), absorbed.begin() + (token * w.heads + head) * w.latent);
                interleaved_rope(from + w.nope, cosines.data() + token * w.rope, sines.data() + token * w.rope, static_cast<size_t>(w.rope),
                    turned.data() + (token * w.heads + head) * w.rope);
            }
        }
        from_floats(t[q], absorbed);
        from_floats(t[qr], turned);
        // The third and fourth path: the caches.
        const Rows both = product(rows, rowScales, latents);
        const Rows gammaKv = to_floats(t[gkv]);
        const std::vector<int64_t> slots = to_integers(t[places]);
        Rows latent(static_cast<size_t>(w.latent));
        Rows key(static_cast<size_t>(w.rope));
        for (int64_t token = 0; token < w.tokens; token++) {
            const float *row = both.data() + token * (w.latent + w.rope);
            rms_norm_row(row, gammaKv.data(), static_cast<size_t>(w.latent), epsilonKv, latent.data());
            for (float &value : latent) {
                value *= keyFactor;
            }
            interleaved_rope(row + w.latent, cosines.data() + token * w.rope, sines.data() + token * w.rope, static_cast<size_t>(w.rope), key.data());
            write_paged(t[kv], slots[static_cast<size_t>(token)], latent.data());
            write_paged(t[kr], slots[static_cast<size_t>(token)], key.data());
        }
    });
}

} // namespace emu
