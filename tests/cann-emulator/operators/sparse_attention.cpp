// Selection of tokens and attention over the selected ones. Reference: ops-transformer attention/lightning_indexer/docs/aclnnLightningIndexer.md,
// attention/sparse_flash_attention/docs/aclnnSparseFlashAttention.md.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "abi_functions.h"
#include "operators/broadcast.h"
#include "operators/indexing.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

const std::initializer_list<aclDataType> kHalf = {ACL_FLOAT16, ACL_BF16};
constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

/// How tokens lie in query and key, and how many of them there are.
struct Layout {
    bool packedQuery; ///< TND: all sequences behind each other
    bool paged;       ///< PA_BSND: blocks found by a table
    Operand queryLengths;
    Operand keyLengths;
    Operand table;
};

struct Sequence {
    int64_t firstQuery; ///< row among all query tokens
    int64_t queries;
    int64_t keys;
};

Layout layout_of(Call &call, const char *query, const char *key, Operand q, Operand k, Operand queryLengths, Operand keyLengths, Operand table)
{
    const std::string queryLayout = query == nullptr ? "BSND" : query;
    const std::string keyLayout = key == nullptr ? "BSND" : key;
    call.require(queryLayout == "TND" || queryLayout == "BSND", "layoutQuery is %s, allowed are TND and BSND", queryLayout.c_str());
    call.require(keyLayout == "PA_BSND" || keyLayout == "BSND", "layoutKey is %s, the emulator has PA_BSND and BSND", keyLayout.c_str());
    const Layout layout = {queryLayout == "TND", keyLayout == "PA_BSND", queryLengths, keyLengths, table};
    call.require(call[q].rank() == (layout.packedQuery ? 3 : 4), "query has %d dimensions in layout %s", call[q].rank(), queryLayout.c_str());
    call.require(call[k].rank() == 4, "key has %d dimensions in layout %s", call[k].rank(), keyLayout.c_str());
    call.require(!layout.packedQuery || queryLengths, "actualSeqLengthsQuery is required in layout TND");
    call.require(!layout.paged || (keyLengths && table), "actualSeqLengthsKey and blockTable are required in layout PA_BSND");
    const int64_t batches = layout.packedQuery ? call[queryLengths].count() : call[q].dim(0);
    for (const Operand lengths : {queryLengths, keyLengths}) {
        if (lengths) {
            call.require_shape(lengths, {batches});
        }
    }
    if (layout.paged) {
        const int64_t block = call[k].dim(1);
        call.require(block % 16 == 0 && block > 0 && block <= 1024, "block_size is %lld: a multiple of 16, at most 1024", static_cast<long long>(block));
        call.require(call[table].rank() == 2 && call[table].dim(0) == batches, "blockTable is [B, blocks] with B %lld", static_cast<long long>(batches));
    }
    call.require(call[k].dim(2) == 1, "key has %lld heads, allowed is 1", static_cast<long long>(call[k].dim(2)));
    return layout;
}

std::vector<Sequence> sequences_of(const Layout &layout, const Operands &x, Operand q, Operand k)
{
    std::vector<Sequence> sequences;
    const std::vector<int64_t> queries = layout.queryLengths ? to_integers(x[layout.queryLengths]) : std::vector<int64_t>();
    const std::vector<int64_t> keys = layout.keyLengths ? to_integers(x[layout.keyLengths]) : std::vector<int64_t>();
    const int64_t batches = layout.packedQuery ? static_cast<int64_t>(queries.size()) : x[q].dim(0);
    int64_t before = 0;
    for (int64_t b = 0; b < batches; b++) {
        const size_t at = static_cast<size_t>(b);
        Sequence sequence = {};
        if (layout.packedQuery) { // prefix sums
            sequence = {before, queries[at] - before, 0};
            before = queries[at];
        } else {
            sequence = {b * x[q].dim(1), queries.empty() ? x[q].dim(1) : queries[at], 0};
        }
        sequence.keys = keys.empty() ? x[k].dim(1) : keys[at];
        const int64_t room = layout.paged ? x[layout.table].dim(1) * x[k].dim(1) : x[k].dim(1);
        if (sequence.queries < 0 || sequence.keys < 0 || sequence.keys > room || before > (layout.packedQuery ? x[q].dim(0) : before)) {
            refuse(kAicoreException, "sequence %lld has %lld queries and %lld keys, its blocks hold %lld", static_cast<long long>(b),
                static_cast<long long>(sequence.queries), static_cast<long long>(sequence.keys), static_cast<long long>(room));
        }
        sequences.push_back(sequence);
    }
    return sequences;
}

/// The key row of a token, in FP32.
void read_key(const Layout &layout, const Operands &x, Operand k, const std::vector<int64_t> &table, int64_t sequence, int64_t token, float *to)
{
    const Tensor &keys = x[k];
    int64_t position = keys.offset;
    if (layout.paged) {
        const int64_t size = keys.dim(1);
        const int64_t block = table[static_cast<size_t>(sequence * x[layout.table].dim(1) + token / size)];
        position += checked_index(block, keys.dim(0), false, "blockTable") * keys.strides[0] + token % size * keys.strides[1];
    } else {
        position += sequence * keys.strides[0] + token * keys.strides[1];
    }
    read_row(keys, position, keys.strides[3], keys.dim(3), to);
}

float dot(const float *a, const float *b, int64_t count)
{
    float sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/// Keys that query `row` of a sequence sees: all, or those up to its own place counted from the sequence's end.
int64_t visible(const Sequence &sequence, int64_t row, int64_t sparseMode)
{
    return sparseMode == 0 ? sequence.keys : std::max<int64_t>(0, sequence.keys - sequence.queries + row + 1);
}

} // namespace

aclnnStatus aclnnLightningIndexerGetWorkspaceSize(const aclTensor *query, const aclTensor *key, const aclTensor *weights,
    const aclTensor *actualSeqLengthsQueryOptional, const aclTensor *actualSeqLengthsKeyOptional, const aclTensor *blockTableOptional,
    char *layoutQueryOptional, char *layoutKeyOptional, int64_t sparseCount, int64_t sparseMode, int64_t preTokens, int64_t nextTokens, bool returnValues,
    const aclTensor *sparseIndicesOut, const aclTensor *sparseValuesOut, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnLightningIndexer", workspaceSize, executor);
    const Operand q = call.input(query, "query", kHalf);
    const Operand k = call.input(key, "key", kHalf);
    const Operand w = call.input(weights, "weights", {ACL_FLOAT16, ACL_BF16, ACL_FLOAT});
    const Operand ql = call.optional(actualSeqLengthsQueryOptional, "actualSeqLengthsQueryOptional", {ACL_INT32});
    const Operand kl = call.optional(actualSeqLengthsKeyOptional, "actualSeqLengthsKeyOptional", {ACL_INT32});
    const Operand table = call.optional(blockTableOptional, "blockTableOptional", {ACL_INT32});
    const Operand o = call.output(sparseIndicesOut, "sparseIndicesOut", {ACL_INT32});
    call.optional_output(sparseValuesOut, "sparseValuesOut", kHalf);
    const Layout layout = layout_of(call, layoutQueryOptional, layoutKeyOptional, q, k, ql, kl, table);
    call.require(call[k].type == call[q].type && (call[w].type == call[q].type || call[w].type == ACL_FLOAT), "key has query's type, weights too or FLOAT");
    const int64_t heads = call[q].dim(-2);
    const int64_t width = call[q].dim(-1);
    call.require(heads >= 1 && heads <= 64, "query has %lld heads, allowed are 1 to 64", static_cast<long long>(heads));
    call.require(width == 128 && call[k].dim(3) == 128, "the head dimension is %lld, allowed is 128", static_cast<long long>(width));
    const bool wide = sparseCount == 3072 || sparseCount == 4096 || sparseCount == 5120 || sparseCount == 6144 || sparseCount == 7168 || sparseCount == 8192;
    call.require((sparseCount >= 1 && sparseCount <= 2048) || wide, "sparseCount is %lld, allowed are 1..2048", static_cast<long long>(sparseCount));
    call.require(sparseMode == 0 || sparseMode == 3, "sparseMode is %lld, allowed are 0 and 3", static_cast<long long>(sparseMode));
    call.require(preTokens == kUnlimited && nextTokens == kUnlimited, "preTokens and nextTokens are 2^63 - 1");
    call.require(!returnValues, "returnValues is for training without pages: false");
    Shape tokens(call[q].shape.begin(), call[q].shape.end() - 2);
    Shape expected = tokens;
    expected.insert(expected.end(), {1, sparseCount});
    call.require_shape(o, expected);
    Shape weightShape = tokens;
    weightShape.push_back(heads);
    call.require_shape(w, weightShape);
    for (const Operand operand : {q, k, w, o}) {
        call.require_contiguous(operand);
    }
    call.workspace(16384);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> blocks = layout.paged ? to_integers(x[table]) : std::vector<int64_t>();
        const std::vector<float> queries = to_floats(x[q]);
        const std::vector<float> factors = to_floats(x[w]);
        std::vector<int64_t> chosen(static_cast<size_t>(x[o].count()), -1); // places that no token fills
        const std::vector<Sequence> sequences = sequences_of(layout, x, q, k);
        std::vector<float> keys;
        for (size_t s = 0; s < sequences.size(); s++) {
            keys.resize(static_cast<size_t>(sequences[s].keys * width));
            for (int64_t token = 0; token < sequences[s].keys; token++) {
                read_key(layout, x, k, blocks, static_cast<int64_t>(s), token, keys.data() + token * width);
            }
            for (int64_t row = 0; row < sequences[s].queries; row++) {
                const int64_t place = sequences[s].firstQuery + row;
                std::vector<float> scores(static_cast<size_t>(visible(sequences[s], row, sparseMode)));
                for (size_t token = 0; token < scores.size(); token++) {
                    float sum = 0;
                    for (int64_t head = 0; head < heads; head++) {
                        const float score = dot(queries.data() + (place * heads + head) * width, keys.data() + static_cast<int64_t>(token) * width, width);
                        sum += score > 0 ? score * factors[static_cast<size_t>(place * heads + head)] : 0.0f;
                    }
                    scores[token] = sum;
                }
                std::vector<int64_t> order(scores.size());
                std::iota(order.begin(), order.end(), 0);
                const size_t count = std::min(order.size(), static_cast<size_t>(sparseCount));
                std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(), [&](int64_t a, int64_t b) {
                    const float left = scores[static_cast<size_t>(a)];
                    const float right = scores[static_cast<size_t>(b)];
                    return left > right || (left == right && a < b);
                });
                std::copy_n(order.begin(), count, chosen.begin() + place * sparseCount);
            }
        }
        from_integers(x[o], chosen);
    });
}

aclnnStatus aclnnSparseFlashAttentionGetWorkspaceSize(const aclTensor *query, const aclTensor *key, const aclTensor *value, const aclTensor *sparseIndices,
    const aclTensor *blockTableOptional, const aclTensor *actualSeqLengthsQueryOptional, const aclTensor *actualSeqLengthsKvOptional,
    const aclTensor *queryRopeOptional, const aclTensor *keyRopeOptional, double scaleValue, int64_t sparseBlockSizeOptional, char *layoutQueryOptional,
    char *layoutKvOptional, int64_t sparseMode, int64_t preTokens, int64_t nextTokens, int64_t attentionMode, bool returnSoftmaxLse,
    const aclTensor *attentionOut, const aclTensor *softmaxMax, const aclTensor *softmaxSum, uint64_t *workspaceSize, aclOpExecutor **executor)
{
    Call call("aclnnSparseFlashAttention", workspaceSize, executor);
    const Operand q = call.input(query, "query", kHalf);
    const Operand k = call.input(key, "key", kHalf);
    const Operand v = call.input(value, "value", kHalf);
    const Operand i = call.input(sparseIndices, "sparseIndices", {ACL_INT32});
    const Operand table = call.optional(blockTableOptional, "blockTableOptional", {ACL_INT32});
    const Operand ql = call.optional(actualSeqLengthsQueryOptional, "actualSeqLengthsQueryOptional", {ACL_INT32});
    const Operand kl = call.optional(actualSeqLengthsKvOptional, "actualSeqLengthsKvOptional", {ACL_INT32});
    const Operand qr = call.input(queryRopeOptional, "queryRope", kHalf);
    const Operand kr = call.input(keyRopeOptional, "keyRope", kHalf);
    const Operand o = call.output(attentionOut, "attentionOut", kHalf);
    call.optional_output(softmaxMax, "softmaxMax", {ACL_FLOAT});
    call.optional_output(softmaxSum, "softmaxSum", {ACL_FLOAT});
    const Layout layout = layout_of(call, layoutQueryOptional, layoutKvOptional, q, k, ql, kl, table);
    const aclDataType type = call[q].type;
    call.require(call[k].type == type && call[v].type == type && call[qr].type == type && call[kr].type == type && call[o].type == type,
        "query, key, value, their rope parts and attentionOut have one type");
    const int64_t heads = call[q].dim(-2);
    const int64_t width = call[q].dim(-1);
    call.require(heads >= 1 && heads <= 128 && (heads & (heads - 1)) == 0, "query has %lld heads, allowed are powers of two up to 128",
        static_cast<long long>(heads));
    call.require(width == 512 && call[k].dim(3) == 512 && call[qr].dim(-1) == 64 && call[kr].dim(-1) == 64, "D is 512 and Dr 64, query has %lld and %lld",
        static_cast<long long>(width), static_cast<long long>(call[qr].dim(-1)));
    call.require_shape(v, call[k].shape);
    Shape ropeShape = call[q].shape;
    ropeShape.back() = 64;
    call.require_shape(qr, ropeShape);
    Shape keyRopeShape = call[k].shape;
    keyRopeShape.back() = 64;
    call.require_shape(kr, keyRopeShape);
    call.require_shape(o, call[q].shape);
    const int64_t block = sparseBlockSizeOptional;
    call.require(block >= 1 && block <= 128 && (block & (block - 1)) == 0 && (!layout.paged || call[k].dim(1) % block == 0),
        "sparseBlockSize is %lld: a power of two up to 128 that divides the block size", static_cast<long long>(block));
    call.require(sparseMode == 0 || sparseMode == 3, "sparseMode is %lld, allowed are 0 and 3", static_cast<long long>(sparseMode));
    call.require(preTokens == kUnlimited && nextTokens == kUnlimited, "preTokens and nextTokens are 2^63 - 1");
    call.require(attentionMode == 2, "attentionMode is %lld, allowed is 2 (MLA absorbed)", static_cast<long long>(attentionMode));
    call.require(!returnSoftmaxLse, "returnSoftmaxLse is for training without pages: false");
    Shape indexShape(call[q].shape.begin(), call[q].shape.end() - 2);
    call.require(call[i].rank() == static_cast<int>(indexShape.size()) + 2 && call[i].dim(-2) == 1 && call[i].dim(-1) > 0
            && std::equal(indexShape.begin(), indexShape.end(), call[i].shape.begin()), "sparseIndices has shape %s", text_of(call[i].shape).c_str());
    for (const Operand operand : {q, k, v, i, qr, kr, o}) {
        call.require_contiguous(operand);
    }
    call.workspace(16384);
    return call.plan([=](const Operands &x) {
        const std::vector<int64_t> blocks = layout.paged ? to_integers(x[table]) : std::vector<int64_t>();
        const std::vector<float> queries = to_floats(x[q]);
        const std::vector<float> queryRopes = to_floats(x[qr]);
        const std::vector<int64_t> selected = to_integers(x[i]);
        const int64_t most = x[i].dim(-1);
        std::vector<float> result(queries.size(), 0.0f);
        const std::vector<Sequence> sequences = sequences_of(layout, x, q, k);
        for (size_t s = 0; s < sequences.size(); s++) {
            for (int64_t row = 0; row < sequences[s].queries; row++) {
                const int64_t place = sequences[s].firstQuery + row;
                std::vector<int64_t> tokens;
                for (int64_t n = 0; n < most && selected[static_cast<size_t>(place * most + n)] >= 0; n++) {
                    for (int64_t inside = 0; inside < block; inside++) {
                        const int64_t token = selected[static_cast<size_t>(place * most + n)] * block + inside;
                        if (token < visible(sequences[s], row, sparseMode)) {
                            tokens.push_back(token);
                        }
                    }
                }
                std::vector<float> keys(tokens.size() * 512);
                std::vector<float> values(tokens.size() * 512);
                std::vector<float> ropes(tokens.size() * 64);
                for (size_t n = 0; n < tokens.size(); n++) {
                    read_key(layout, x, k, blocks, static_cast<int64_t>(s), tokens[n], keys.data() + n * 512);
                    read_key(layout, x, v, blocks, static_cast<int64_t>(s), tokens[n], values.data() + n * 512);
                    read_key(layout, x, kr, blocks, static_cast<int64_t>(s), tokens[n], ropes.data() + n * 64);
                }
                for (int64_t head = 0; head < heads && !tokens.empty(); head++) {
                    std::vector<float> scores(tokens.size());
                    for (size_t n = 0; n < tokens.size(); n++) {
                        scores[n] = (dot(queries.data() + (place * heads + head) * 512, keys.data() + n * 512, 512)
                            + dot(queryRopes.data() + (place * heads + head) * 64, ropes.data() + n * 64, 64)) * static_cast<float>(scaleValue);
                    }
                    const float highest = *std::max_element(scores.begin(), scores.end());
                    float sum = 0;
                    for (float &score : scores) {
                        sum += score = std::exp(score - highest);
                    }
                    float *to = result.data() + (place * heads + head) * 512;
                    for (size_t n = 0; n < tokens.size(); n++) {
                        for (int64_t d = 0; d < 512; d++) {
                            to[d] += scores[n] / sum * values[n * 512 + static_cast<size_t>(d)];
                        }
                    }
                }
            }
        }
        from_floats(x[o], result);
    });
}

} // namespace emu
