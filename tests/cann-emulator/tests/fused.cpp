#include <cmath>

#include "harness.h"

namespace {

aclIntArray *ints(const std::vector<int64_t> &values)
{
    return CANN(aclCreateIntArray)(values.data(), values.size());
}

aclTensorList *list(aclTensor *tensor)
{
    const aclTensor *one[] = {tensor};
    return CANN(aclCreateTensorList)(one, 1);
}

constexpr aclTensor *kNone = nullptr;
constexpr aclTensorList *kNoList = nullptr;
constexpr int64_t kAll = INT64_MAX;

std::vector<double> pattern(size_t count, int seed)
{
    std::vector<double> values(count);
    uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
    for (double &value : values) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<double>(static_cast<int>(state >> 24) % 7 - 3);
    }
    return values;
}

} // namespace

CASE(tokens_are_quantised_by_their_largest_value)
{
    Buffer x({2, 4}, ACL_BF16, {1, -2, 4, 8, 0, 0, 0, 0});
    Buffer y({2, 4}, ACL_INT8);
    Buffer scale({2}, ACL_FLOAT);
    OK(APPLY(aclnnDynamicQuant, x.tensor, kNone, y.tensor, scale.tensor));
    EXPECT(y.read() == (std::vector<double>{16, -32, 64, 127, 0, 0, 0, 0})); // 15.875, -31.75, 63.5 to even, 127
    EXPECT(near(scale.read(), {8.0 / 127, 0}, 1e-6));
}

CASE(quantised_products_scale_by_channel_and_token)
{
    Buffer x({2, 3}, ACL_INT8, {1, 2, 3, -1, 0, 127});
    Buffer w({3, 2}, ACL_INT8, {1, 4, 2, 5, 3, 6});
    Buffer channel({2}, ACL_FLOAT, {0.5, 2});
    Buffer token({2}, ACL_FLOAT, {1, 0.25});
    Buffer out({2, 2}, ACL_BF16);
    OK(APPLY(aclnnQuantMatmulV4, x.tensor, w.tensor, channel.tensor, kNone, token.tensor, kNone, false, false, out.tensor));
    EXPECT(out.read() == (std::vector<double>{7, 64, 47.5, 380})); // 14x0.5, 32x2, 380x0.5/4, 758x2/4 = 379 to 8 bits
    Buffer half({2, 2}, ACL_FLOAT16);
    EXPECT_CODE(161002, APPLY(aclnnQuantMatmulV4, x.tensor, w.tensor, channel.tensor, kNone, kNone, kNone, false, false, half.tensor));
}

CASE(packed_weights_give_the_same_product)
{
    const int64_t k = 40;
    const int64_t n = 70;
    Buffer x({3, k}, ACL_INT8, pattern(3 * k, 1));
    Buffer w({k, n}, ACL_INT8, pattern(k * n, 2));
    Buffer channel({n}, ACL_FLOAT, ramp(n, 1, 0));
    Buffer token({3}, ACL_FLOAT, {1, 1, 1});
    Buffer plain({3, n}, ACL_BF16);
    OK(APPLY(aclnnQuantMatmulV4, x.tensor, w.tensor, channel.tensor, kNone, token.tensor, kNone, false, false, plain.tensor));
    uint64_t size = 0;
    OK(CANN(aclnnCalculateMatmulWeightSizeV2)(ints({k, n}), ACL_INT8, &size));
    EXPECT(size == 48 * 96);
    Buffer room({static_cast<int64_t>(size)}, ACL_INT8);
    std::vector<double> padded = pattern(k * n, 2);
    padded.resize(size, 0);
    room.write(padded);
    aclTensor *packed = room.view({k, n}, {n, 1});
    OK(APPLY(aclnnTransMatmulWeight, packed));
    aclFormat format = ACL_FORMAT_ND;
    OK(CANN(aclGetFormat)(packed, &format));
    EXPECT(format == ACL_FORMAT_FRACTAL_NZ);
    Buffer result({3, n}, ACL_BF16);
    OK(APPLY(aclnnQuantMatmulV4, x.tensor, packed, channel.tensor, kNone, token.tensor, kNone, false, false, result.tensor));
    EXPECT(result.read() == plain.read());
    // Block [c1=1, r1=0] begins with the element of row 0, column 32.
    EXPECT(room.read()[3 * 16 * 32] == pattern(k * n, 2)[32]);
    EXPECT_CODE(161002, APPLY(aclnnMm, x.tensor, packed, plain.tensor, int8_t{0}));
    Buffer thin({k, 1}, ACL_INT8);
    EXPECT_CODE(161002, APPLY(aclnnTransMatmulWeight, thin.tensor));
}

CASE(groups_multiply_with_their_own_expert)
{
    Buffer x({4, 2}, ACL_BF16, {1, 2, 3, 4, 5, 6, 7, 8});
    Buffer w({2, 2, 2}, ACL_BF16, {1, 0, 0, 1, 2, 1, 0, 3});
    Buffer groups({2}, ACL_INT64, {1, 3}); // cumulative: row 0 to expert 0, rows 1 and 2 to expert 1, row 3 to none
    Buffer out({4, 2}, ACL_BF16, {9, 9, 9, 9, 9, 9, 9, 9});
    const auto apply_v4 = [&](aclTensor *list_, int64_t type) {
        return APPLY(aclnnGroupedMatmulV4, list(x.view({4, 2}, {2, 1})), list(w.view({2, 2, 2}, {4, 2, 1})), kNoList, kNoList, kNoList, kNoList, kNoList,
            kNoList, list_, kNoList, kNoList, kNoList, int64_t{2}, int64_t{0}, type, int64_t{0}, list(out.view({4, 2}, {2, 1})), kNoList, kNoList);
    };
    OK(apply_v4(groups.tensor, 0));
    EXPECT(out.read() == (std::vector<double>{1, 2, 6, 15, 10, 23, 9, 9}));
    groups.write({4, 0});
    OK(apply_v4(groups.tensor, 1));
    EXPECT(out.read() == ramp(8, 1, 1));
    groups.write({4, 1});
    EXPECT_CODE(507015, apply_v4(groups.tensor, 1));
}

CASE(routing_sends_tokens_to_experts_and_back)
{
    Buffer x({3, 2}, ACL_FLOAT, {1, 2, 3, 4, 5, 6});
    Buffer experts({3, 2}, ACL_INT32, {2, 0, 1, 2, 0, 1});
    Buffer expanded({6, 2}, ACL_FLOAT);
    Buffer places({6}, ACL_INT32);
    Buffer counts({3}, ACL_INT32);
    OK(APPLY(aclnnMoeInitRoutingV2, x.tensor, experts.tensor, int64_t{0}, int64_t{0}, int64_t{3}, int64_t{0}, int64_t{2}, false, expanded.tensor,
        places.tensor, counts.tensor, kNone));
    EXPECT(counts.read() == (std::vector<double>{2, 2, 2}));
    EXPECT(places.read() == (std::vector<double>{4, 0, 2, 5, 1, 3}));
    EXPECT(expanded.read() == (std::vector<double>{1, 2, 5, 6, 3, 4, 5, 6, 1, 2, 3, 4}));
    Buffer scales({3, 2}, ACL_FLOAT, {0.5, 0.5, 1, 0, 0.25, 0.75});
    Buffer back({3, 2}, ACL_FLOAT);
    OK(APPLY(aclnnMoeFinalizeRoutingV2, expanded.tensor, places.tensor, kNone, kNone, kNone, scales.tensor, kNone, int64_t{2}, back.tensor));
    EXPECT(back.read() == x.read());
}

CASE(sigmoid_gating_chooses_by_biased_scores_and_weighs_by_plain_ones)
{
    if (!g_stand->has("aclnnMoeGatingTopK")) {
        return;
    }
    Buffer x({1, 4}, ACL_FLOAT, {0, 1, -1, 2});
    Buffer bias({4}, ACL_FLOAT, {0, 0, 10, 0});
    Buffer y({1, 2}, ACL_FLOAT);
    Buffer chosen({1, 2}, ACL_INT32);
    Buffer scores({1, 4}, ACL_FLOAT);
    const auto gate = [&](int64_t k) {
        return APPLY(aclnnMoeGatingTopK, x.tensor, bias.tensor, k, int64_t{1}, int64_t{1}, int64_t{0}, int64_t{0}, int64_t{1}, true, 2.5, 1e-20, y.tensor,
            chosen.tensor, scores.tensor);
    };
    OK(gate(2));
    EXPECT(chosen.read() == (std::vector<double>{2, 3}));
    const double a = 1 / (1 + std::exp(1.0));
    const double b = 1 / (1 + std::exp(-2.0));
    EXPECT(near(y.read(), {2.5 * a / (a + b), 2.5 * b / (a + b)}, 1e-6));
    EXPECT_CODE(561002, gate(5));
}

CASE(latent_cache_rows_are_normed_rotated_and_placed)
{
    if (!g_stand->has("aclnnKvRmsNormRopeCache")) {
        return;
    }
    std::vector<double> row(16 + 2, 2.0);
    row[16] = 3;
    row[17] = 5;
    Buffer kv({1, 1, 1, 18}, ACL_BF16, row);
    Buffer gamma({16}, ACL_BF16, ramp(16, 1, 0));
    Buffer cos({1, 1, 1, 2}, ACL_BF16, {0, 0});
    Buffer sin({1, 1, 1, 2}, ACL_BF16, {1, 1});
    Buffer index({1}, ACL_INT64, {17});
    Buffer keys({2, 16, 1, 2}, ACL_BF16, ramp(64, 0, 0));
    Buffer latents({2, 16, 1, 16}, ACL_BF16, ramp(512, 0, 0));
    char mode[] = "PA";
    OK(APPLY(aclnnKvRmsNormRopeCache, kv.tensor, gamma.tensor, cos.tensor, sin.tensor, index.tensor, keys.tensor, latents.tensor, kNone, kNone, kNone,
        kNone, 0.0, mode, false, kNone, kNone));
    EXPECT(keys.read()[34] == -5 && keys.read()[35] == 3 && keys.read()[0] == 0);
    EXPECT(latents.read()[17 * 16] == 1 && latents.read()[18 * 16] == 0);
}

CASE(the_indexer_and_sparse_attention_follow_pages)
{
    if (!g_stand->has("aclnnLightningIndexer")) {
        return;
    }
    // One sequence of 3 keys in pages 1 and onward; 2 queries at its end.
    Buffer query({2, 1, 128}, ACL_BF16, ramp(256, 1, 0));
    std::vector<double> cache(2 * 16 * 128, 0);
    for (int token = 0; token < 3; token++) {
        cache[static_cast<size_t>((16 + token) * 128)] = token == 1 ? 7 : token + 1;
    }
    Buffer key({2, 16, 1, 128}, ACL_BF16, cache);
    Buffer weights({2, 1}, ACL_BF16, {1, 1});
    Buffer queryLengths({1}, ACL_INT32, {2});
    Buffer keyLengths({1}, ACL_INT32, {3});
    Buffer table({1, 1}, ACL_INT32, {1});
    Buffer chosen({2, 1, 4}, ACL_INT32);
    char tnd[] = "TND";
    char paged[] = "PA_BSND";
    OK(APPLY(aclnnLightningIndexer, query.tensor, key.tensor, weights.tensor, queryLengths.tensor, keyLengths.tensor, table.tensor, tnd, paged, int64_t{4},
        int64_t{3}, kAll, kAll, false, chosen.tensor, kNone));
    EXPECT(chosen.read() == (std::vector<double>{1, 0, -1, -1, 1, 2, 0, -1}));
    EXPECT_CODE(161002, APPLY(aclnnLightningIndexer, query.tensor, key.tensor, weights.tensor, queryLengths.tensor, keyLengths.tensor, table.tensor, tnd,
        paged, int64_t{4}, int64_t{3}, int64_t{0}, kAll, false, chosen.tensor, kNone));

    Buffer q({2, 1, 512}, ACL_BF16, ramp(1024, 0, 0));
    Buffer qRope({2, 1, 64}, ACL_BF16, ramp(128, 0, 0));
    std::vector<double> rows(2 * 16 * 512, 0);
    for (int token = 0; token < 3; token++) {
        rows[static_cast<size_t>((16 + token) * 512)] = 3 * token;
    }
    Buffer latents({2, 16, 1, 512}, ACL_BF16, rows);
    Buffer keyRopes({2, 16, 1, 64}, ACL_BF16, ramp(2048, 0, 0));
    Buffer out({2, 1, 512}, ACL_BF16);
    const auto attend = [&](int64_t attentionMode) {
        return APPLY(aclnnSparseFlashAttention, q.tensor, latents.tensor, latents.tensor, chosen.tensor, table.tensor, queryLengths.tensor,
            keyLengths.tensor, qRope.tensor, keyRopes.tensor, 0.1, int64_t{1}, tnd, paged, int64_t{3}, kAll, kAll, attentionMode, false, out.tensor, kNone,
            kNone);
    };
    OK(attend(2));
    EXPECT(out.read()[0] == 1.5 && out.read()[512] == 3); // equal scores: means of 0, 3 and of 0, 3, 6
    EXPECT_CODE(161002, attend(0));
}

CASE(batched_products_are_permuted)
{
    if (!g_stand->has("aclnnTransposeBatchMatMul")) {
        return;
    }
    Buffer x({2, 2, 1}, ACL_BF16, {1, 2, 3, 4}); // [M, B, K] by permX1
    Buffer w({2, 1, 2}, ACL_BF16, {1, 10, 100, 1000});
    Buffer out({2, 2, 2}, ACL_BF16);
    OK(APPLY(aclnnTransposeBatchMatMul, x.tensor, w.tensor, kNone, kNone, ints({1, 0, 2}), ints({0, 1, 2}), ints({1, 0, 2}), int8_t{0}, int32_t{1},
        out.tensor));
    EXPECT(out.read() == (std::vector<double>{1, 10, 200, 2000, 3, 30, 400, 4000}));
    Buffer turned({1, 1, 2}, ACL_BF16);
    EXPECT_CODE(161002, APPLY(aclnnTransposeBatchMatMul, x.tensor, w.tensor, kNone, kNone, ints({2, 0, 1}), ints({0, 1, 2}), ints({1, 0, 2}), int8_t{0},
        int32_t{1}, turned.tensor));
}

namespace {

/// A BFLOAT16 weight [rows, columns] in FRACTAL_NZ whose first row holds what is given, and zeros below; padded to whole tiles.
struct Tiled {
    Tiled(int64_t rows, int64_t columns, const std::vector<double> &first)
        : values({columns / 16, rows / 16, 16, 16}, ACL_BF16, elements(rows, columns, first))
    {
        const std::vector<int64_t> shape = {rows, columns};
        const std::vector<int64_t> strides = {columns, 1};
        tensor = CANN(aclCreateTensor)(shape.data(), 2, ACL_BF16, strides.data(), 0, ACL_FORMAT_FRACTAL_NZ, values.shape.data(), 4, values.address);
        asItLies = CANN(aclCreateTensor)(values.shape.data(), 4, ACL_BF16, nullptr, 0, ACL_FORMAT_FRACTAL_NZ, values.shape.data(), 4, values.address);
    }

    static std::vector<double> elements(int64_t rows, int64_t columns, const std::vector<double> &first)
    {
        std::vector<double> all(static_cast<size_t>(rows * columns), 0);
        for (size_t i = 0; i < first.size(); i++) {
            all[i / 16 * static_cast<size_t>(rows) * 16 + i % 16] = first[i];
        }
        return all;
    }

    Buffer values;
    aclTensor *tensor;
    aclTensor *asItLies;
};

} // namespace

CASE(a_weight_in_tiles_is_multiplied_as_it_lies)
{
    if (!g_stand->has("aclnnMatmulWeightNz")) {
        return;
    }
    Buffer x({2, 32}, ACL_BF16, ramp(64, 1, 1));
    Tiled weight(32, 48, ramp(48, 0, 1));
    Buffer out({2, 48}, ACL_BF16);
    OK(APPLY(aclnnMatmulWeightNz, x.tensor, weight.asItLies, out.tensor, int8_t{0}));
    EXPECT(out.read()[47] == 47 && out.read()[48 + 16] == 33 * 16);
    EXPECT_CODE(161002, APPLY(aclnnMatmulWeightNz, x.tensor, weight.tensor, out.tensor, int8_t{0}));
    Buffer plain({32, 48}, ACL_BF16);
    EXPECT_CODE(161002, APPLY(aclnnMatmulWeightNz, x.tensor, plain.tensor, out.tensor, int8_t{0}));
}

CASE(the_prologue_of_latent_attention_gives_queries_and_fills_both_caches)
{
    if (!g_stand->has("aclnnMlaPrologV3WeightNz")) {
        return;
    }
    constexpr int64_t kHidden = 1024, kQuery = 1536, kNope = 128, kLatent = 512, kRope = 64;
    std::vector<double> first(kHidden, 0);
    first[0] = 1;
    Buffer x({1, kHidden}, ACL_BF16, first);
    Tiled down(kHidden, kQuery, std::vector<double>(kQuery, 2)); // a latent of equal elements: ones behind the norm
    std::vector<double> heads(kNope + kRope, 0);
    heads[0] = 2;
    heads[kNope] = 3;
    heads[kNope + 1] = 5;
    Tiled up(kQuery, kNope + kRope, heads);
    std::vector<double> absorbing(kNope * kLatent, 0);
    absorbing[1] = 4;
    Buffer keyUp({1, kNope, kLatent}, ACL_BF16, absorbing);
    std::vector<double> both(kLatent + kRope, 0);
    std::fill(both.begin(), both.begin() + kLatent, 7);
    both[kLatent] = 1;
    both[kLatent + 1] = 6;
    Tiled latents(kHidden, kLatent + kRope, both);
    Buffer gammaQ({kQuery}, ACL_BF16, std::vector<double>(kQuery, 1));
    Buffer gammaKv({kLatent}, ACL_BF16, std::vector<double>(kLatent, 0.5));
    Buffer sin({1, kRope}, ACL_BF16, std::vector<double>(kRope, 1));
    Buffer cos({1, kRope}, ACL_BF16, std::vector<double>(kRope, 0));
    Buffer kv({2, 16, 1, kLatent}, ACL_BF16, ramp(2 * 16 * kLatent, 0, 0));
    Buffer kr({2, 16, 1, kRope}, ACL_BF16, ramp(2 * 16 * kRope, 0, 0));
    Buffer slots({1}, ACL_INT64, {18});
    Buffer query({1, 1, kLatent}, ACL_BF16);
    Buffer turned({1, 1, kRope}, ACL_BF16);
    Buffer normed({1, kQuery}, ACL_BF16);
    const auto prologue = [&](char *mode, int64_t weightMode, aclTensor *queryUp) {
        return APPLY(aclnnMlaPrologV3WeightNz, x.tensor, down.tensor, queryUp, keyUp.tensor, latents.tensor, gammaQ.tensor, gammaKv.tensor, sin.tensor,
            cos.tensor, kv.tensor, kr.tensor, slots.tensor, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, 0.0, 0.0, mode, weightMode,
            int64_t{0}, int64_t{0}, int64_t{0}, int64_t{0}, int64_t{128}, 1.0, 1.0, query.tensor, turned.tensor, kNone, normed.tensor, kNone);
    };
    char paged[] = "PA_BSND";
    OK(prologue(paged, 0, up.tensor));
    EXPECT(normed.read()[0] == 1 && normed.read()[kQuery - 1] == 1);
    EXPECT(query.read()[1] == 8 && query.read()[0] == 0);
    EXPECT(turned.read()[0] == -5 && turned.read()[kRope / 2] == 3);
    EXPECT(kv.read()[18 * kLatent] == 0.5 && kv.read()[17 * kLatent] == 0);
    EXPECT(kr.read()[18 * kRope] == -6 && kr.read()[18 * kRope + kRope / 2] == 1);
    char blocks[] = "PA_BLK_NZ";
    EXPECT_CODE(161002, prologue(blocks, 0, up.tensor));
    EXPECT_CODE(161002, prologue(paged, 2, up.tensor)); // INT8 weights are announced and BFLOAT16 ones come
    Buffer plain({kQuery, kNope + kRope}, ACL_BF16);
    EXPECT_CODE(161002, prologue(paged, 0, plain.tensor));
}
