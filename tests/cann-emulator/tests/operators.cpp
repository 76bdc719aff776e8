#include <cmath>

#include "harness.h"

namespace {

aclScalar *scalar(float value)
{
    return CANN(aclCreateScalar)(&value, ACL_FLOAT);
}

aclIntArray *ints(const std::vector<int64_t> &values)
{
    return CANN(aclCreateIntArray)(values.data(), values.size());
}

} // namespace

CASE(sums_broadcast_and_round_to_the_output)
{
    Buffer a({2, 2}, ACL_BF16, {1, 2, 3, 256});
    Buffer b({2}, ACL_BF16, {1, 1});
    Buffer out({2, 2}, ACL_BF16);
    OK(APPLY(aclnnAdd, a.tensor, b.tensor, scalar(1), out.tensor));
    EXPECT(out.read() == (std::vector<double>{2, 3, 4, 256})); // 257 is no BF16: the tie goes to the even neighbour
    Buffer wrong({2, 3}, ACL_BF16);
    EXPECT_CODE(161002, APPLY(aclnnAdd, a.tensor, b.tensor, scalar(1), wrong.tensor));
    EXPECT_CODE(161001, APPLY(aclnnAdd, a.tensor, static_cast<aclTensor *>(nullptr), scalar(1), out.tensor));
    Buffer flags({2, 2}, ACL_BOOL);
    EXPECT_CODE(161002, APPLY(aclnnAdd, a.tensor, b.tensor, scalar(1), flags.tensor));
}

CASE(products_of_matrices_follow_their_strides)
{
    Buffer a({2, 3}, ACL_FLOAT, {1, 2, 3, 4, 5, 6});
    Buffer b({2, 3}, ACL_FLOAT, {1, 0, 2, 0, 1, 1}); // used transposed
    Buffer out({2, 2}, ACL_FLOAT);
    OK(APPLY(aclnnMm, a.tensor, b.view({3, 2}, {1, 3}), out.tensor, int8_t{0}));
    EXPECT(out.read() == (std::vector<double>{7, 5, 16, 11}));
    Buffer batch({2, 2, 3}, ACL_BF16, {1, 2, 3, 4, 5, 6, 1, 1, 1, 2, 2, 2});
    Buffer right({1, 3, 1}, ACL_BF16, {1, 1, 1});
    Buffer result({2, 2, 1}, ACL_BF16);
    OK(APPLY(aclnnBatchMatMul, batch.tensor, right.tensor, result.tensor, int8_t{0}));
    EXPECT(result.read() == (std::vector<double>{6, 15, 3, 6}));
    Buffer half({2, 3}, ACL_FLOAT16);
    EXPECT_CODE(161002, APPLY(aclnnMm, half.tensor, right.view({3, 1}, {1, 1}), out.view({2, 1}, {1, 1}), int8_t{0}));
    EXPECT_CODE(161002, APPLY(aclnnMm, a.tensor, a.tensor, out.tensor, int8_t{0}));
}

CASE(a_matrix_product_takes_at_most_65535_in_the_last_dimension)
{
    Buffer a({1, 2}, ACL_BF16, {1, 1});
    Buffer wide({2, 65536}, ACL_BF16);
    Buffer out({1, 65536}, ACL_BF16);
    EXPECT_CODE(161002, APPLY(aclnnMm, a.tensor, wide.tensor, out.tensor, int8_t{0}));
    EXPECT(std::strstr(CANN(aclGetRecentErrMsg)(), "65535") != nullptr);
}

CASE(softmax_and_norms_agree_with_their_equations)
{
    Buffer x({2, 4}, ACL_FLOAT, {1, 2, 3, 4, -1, 0, 1, 2});
    Buffer out({2, 4}, ACL_FLOAT);
    OK(APPLY(aclnnSoftmax, x.tensor, int64_t{-1}, out.tensor));
    std::vector<double> expected;
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        sum += std::exp(i);
    }
    for (int i = 0; i < 8; i++) {
        expected.push_back(std::exp(i % 4) / sum);
    }
    EXPECT(near(out.read(), expected, 1e-6));

    Buffer gamma({4}, ACL_FLOAT, {1, 1, 2, 2});
    Buffer rstd({2, 1}, ACL_FLOAT);
    OK(APPLY(aclnnRmsNorm, x.tensor, gamma.tensor, 1e-5, out.tensor, rstd.tensor));
    const double r = 1 / std::sqrt(30 / 4.0 + 1e-5);
    const double s = 1 / std::sqrt(6 / 4.0 + 1e-5);
    EXPECT(near(out.read(), {r, 2 * r, 6 * r, 8 * r, -s, 0, 2 * s, 4 * s}, 1e-6));
    EXPECT(near(rstd.read(), {r, s}, 1e-6));
    Buffer flat({2}, ACL_FLOAT);
    EXPECT_CODE(161002, APPLY(aclnnRmsNorm, x.tensor, gamma.tensor, 1e-5, out.tensor, flat.tensor));
    Buffer half({4}, ACL_BF16);
    EXPECT_CODE(161002, APPLY(aclnnRmsNorm, x.tensor, half.tensor, 1e-5, out.tensor, rstd.tensor));

    OK(APPLY(aclnnLayerNorm, x.tensor, ints({4}), gamma.tensor, gamma.tensor, 0.0, out.tensor, static_cast<aclTensor *>(nullptr),
        static_cast<aclTensor *>(nullptr)));
    const double d = 1 / std::sqrt(1.25);
    EXPECT(near(out.read(), {1 - 1.5 * d, 1 - 0.5 * d, 2 + d, 2 + 3 * d, 1 - 1.5 * d, 1 - 0.5 * d, 2 + d, 2 + 3 * d}, 1e-6));

    Buffer glu({2, 2}, ACL_FLOAT);
    OK(APPLY(aclnnSwiGlu, x.tensor, int64_t{-1}, glu.tensor));
    const auto silu = [](double v) { return v / (1 + std::exp(-v)); };
    EXPECT(near(glu.read(), {silu(1) * 3, silu(2) * 4, silu(-1) * 1, 0}, 1e-6));
}

CASE(ties_go_to_the_lowest_index)
{
    Buffer x({2, 5}, ACL_FLOAT, {3, 5, 5, 1, 5, 2, 2, 2, 2, 2});
    Buffer values({2, 3}, ACL_FLOAT);
    Buffer indices({2, 3}, ACL_INT64);
    OK(APPLY(aclnnTopk, x.tensor, int64_t{3}, int64_t{-1}, true, true, values.tensor, indices.tensor));
    EXPECT(values.read() == (std::vector<double>{5, 5, 5, 2, 2, 2}));
    EXPECT(indices.read() == (std::vector<double>{1, 2, 4, 0, 1, 2}));
    Buffer best({2}, ACL_INT32);
    OK(APPLY(aclnnArgMax, x.tensor, int64_t{1}, false, best.tensor));
    EXPECT(best.read() == (std::vector<double>{1, 0}));
    EXPECT_CODE(161002, APPLY(aclnnTopk, x.tensor, int64_t{6}, int64_t{-1}, true, true, values.tensor, indices.tensor));
    EXPECT_CODE(161002, APPLY(aclnnTopk, x.tensor, int64_t{3}, int64_t{-1}, true, false, values.tensor, indices.tensor));
}

CASE(rows_are_gathered_and_scattered)
{
    Buffer table({3, 2}, ACL_BF16, {1, 2, 3, 4, 5, 6});
    Buffer index({2}, ACL_INT32, {2, 0});
    Buffer out({2, 2}, ACL_BF16);
    OK(APPLY(aclnnEmbedding, table.tensor, index.tensor, out.tensor));
    EXPECT(out.read() == (std::vector<double>{5, 6, 1, 2}));
    OK(APPLY(aclnnIndexSelect, table.tensor, int64_t{0}, index.tensor, out.tensor));
    EXPECT(out.read() == (std::vector<double>{5, 6, 1, 2}));
    Buffer where({2, 1}, ACL_INT64, {1, 2});
    OK(APPLY(aclnnScatterNdUpdate, table.tensor, where.tensor, out.tensor));
    EXPECT(table.read() == (std::vector<double>{1, 2, 5, 6, 1, 2}));
    Buffer columns({1, 2}, ACL_INT64, {1, 0});
    Buffer picked({1, 2}, ACL_BF16);
    OK(APPLY(aclnnGather, table.tensor, int64_t{1}, columns.tensor, picked.tensor));
    EXPECT(picked.read() == (std::vector<double>{2, 1}));
    Buffer beyond({2}, ACL_INT32, {0, 3});
    EXPECT_CODE(507035, APPLY(aclnnEmbedding, table.tensor, beyond.tensor, out.tensor));
}

CASE(reductions_run_along_their_axes)
{
    Buffer x({2, 3}, ACL_FLOAT, {1, 2, 3, 4, 5, 6});
    Buffer rows({2}, ACL_FLOAT);
    OK(APPLY(aclnnReduceSum, x.tensor, ints({1}), false, ACL_FLOAT, rows.tensor));
    EXPECT(rows.read() == (std::vector<double>{6, 15}));
    Buffer columns({1, 3}, ACL_FLOAT);
    OK(APPLY(aclnnReduceSum, x.tensor, ints({0}), true, ACL_FLOAT, columns.tensor));
    EXPECT(columns.read() == (std::vector<double>{5, 7, 9}));
    Buffer sums({2, 3}, ACL_FLOAT);
    OK(APPLY(aclnnCumsum, x.tensor, int64_t{0}, ACL_FLOAT, sums.tensor));
    EXPECT(sums.read() == (std::vector<double>{1, 2, 3, 5, 7, 9}));
    EXPECT_CODE(161002, APPLY(aclnnReduceSum, x.tensor, ints({1, -1}), false, ACL_FLOAT, rows.tensor));
}

CASE(shapes_are_rearranged)
{
    Buffer x({2, 3}, ACL_INT32, {1, 2, 3, 4, 5, 6});
    Buffer turned({3, 2}, ACL_INT32);
    OK(APPLY(aclnnPermute, x.tensor, ints({1, 0}), turned.tensor));
    EXPECT(turned.read() == (std::vector<double>{1, 4, 2, 5, 3, 6}));
    const aclTensor *parts[] = {x.view({2, 1}, {3, 1}, 2), x.view({2, 2}, {3, 1})};
    Buffer joined({2, 3}, ACL_INT32);
    OK(APPLY(aclnnCat, CANN(aclCreateTensorList)(parts, 2), int64_t{1}, joined.tensor));
    EXPECT(joined.read() == (std::vector<double>{3, 1, 2, 6, 4, 5}));
    Buffer tiled({2, 6}, ACL_INT32);
    OK(APPLY(aclnnRepeat, x.tensor, ints({1, 2}), tiled.tensor));
    EXPECT(tiled.read() == (std::vector<double>{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
    Buffer floats({2, 3}, ACL_FLOAT, {1.5, -1.5, 300, NAN, -0.5, 2.5});
    Buffer bytes({2, 3}, ACL_INT8);
    OK(APPLY(aclnnCast, floats.tensor, ACL_INT8, bytes.tensor));
    EXPECT(bytes.read()[0] == 1 && bytes.read()[1] == -1 && bytes.read()[3] == 0);
}

CASE(masks_choose)
{
    Buffer x({2, 2}, ACL_FLOAT, {1, 2, 3, 4});
    Buffer y({1}, ACL_FLOAT, {-1});
    Buffer mask({2, 2}, ACL_BOOL);
    OK(APPLY(aclnnGtScalar, x.tensor, scalar(2), mask.tensor));
    EXPECT(mask.read() == (std::vector<double>{0, 0, 1, 1}));
    Buffer out({2, 2}, ACL_FLOAT);
    OK(APPLY(aclnnSWhere, mask.tensor, x.tensor, y.tensor, out.tensor));
    EXPECT(out.read() == (std::vector<double>{-1, -1, 3, 4}));
    OK(APPLY(aclnnInplaceMaskedFillScalar, x.tensor, mask.tensor, scalar(-INFINITY)));
    EXPECT(x.read()[1] == 2 && std::isinf(x.read()[2]));
}

CASE(executors_are_single_use_unless_made_repeatable)
{
    Buffer a({4}, ACL_FLOAT, {0, 0, 0, 0});
    Buffer b({4}, ACL_FLOAT, {1, 1, 1, 1});
    Buffer out({4}, ACL_FLOAT);
    uint64_t size = 0;
    aclOpExecutor *executor = nullptr;
    OK(CANN(aclnnExpGetWorkspaceSize)(a.tensor, out.tensor, &size, &executor));
    OK(run("aclnnExp", size, executor));
    EXPECT_CODE(561103, run("aclnnExp", size, executor));
    OK(CANN(aclnnExpGetWorkspaceSize)(a.tensor, out.tensor, &size, &executor));
    EXPECT_CODE(161002, run("aclnnNeg", size, executor));
    OK(CANN(aclSetAclOpExecutorRepeatable)(executor));
    OK(run("aclnnExp", size, executor));
    EXPECT(out.read()[0] == 1);
    OK(CANN(aclSetInputTensorAddr)(executor, 0, a.tensor, b.address));
    OK(run("aclnnExp", size, executor));
    EXPECT(near({out.read()[0]}, {std::exp(1.0)}, 1e-6));
    EXPECT_CODE(161002, CANN(aclSetInputTensorAddr)(executor, 1, a.tensor, b.address));
    EXPECT_CODE(161002, CANN(aclSetInputTensorAddr)(executor, 0, a.tensor, static_cast<char *>(b.address) + 4));
    OK(CANN(aclDestroyAclOpExecutor)(executor));
    EXPECT_CODE(561103, CANN(aclDestroyAclOpExecutor)(executor));
}

CASE(workspaces_and_operands_are_checked_at_launch)
{
    Buffer a({2, 2}, ACL_FLOAT, {1, 2, 3, 4});
    Buffer out({2, 2}, ACL_FLOAT);
    aclrtStream stream = nullptr;
    OK(CANN(aclrtCreateStream)(&stream));
    uint64_t size = 0;
    aclOpExecutor *executor = nullptr;
    OK(CANN(aclnnMmGetWorkspaceSize)(a.tensor, a.tensor, out.tensor, 0, &size, &executor));
    EXPECT(size > 0);
    EXPECT_CODE(161002, CANN(aclnnMm)(nullptr, 0, executor, stream));
    EXPECT_CODE(361001, CANN(aclnnMm)(nullptr, size, executor, stream));
    void *memory = nullptr;
    OK(CANN(aclrtMalloc)(&memory, 16, ACL_MEM_MALLOC_HUGE_FIRST));
    const int64_t dims[] = {4};
    aclTensor *tensor = CANN(aclCreateTensor)(dims, 1, ACL_FLOAT, nullptr, 0, ACL_FORMAT_ND, dims, 1, memory);
    OK(CANN(aclnnExpGetWorkspaceSize)(tensor, tensor, &size, &executor));
    OK(CANN(aclrtFree)(memory));
    EXPECT_CODE(361001, CANN(aclnnExp)(nullptr, 0, executor, stream));
    EXPECT(CANN(aclCreateTensor)(dims, 1, ACL_FLOAT, nullptr, 1, ACL_FORMAT_ND, dims, 1, memory) == nullptr);
    EXPECT(CANN(aclCreateTensor)(dims, 1, ACL_FLOAT, nullptr, 0, ACL_FORMAT_ND, dims, 1, static_cast<char *>(memory) + 8) == nullptr);
    OK(CANN(aclDestroyTensor)(tensor));
    EXPECT_CODE(161002, CANN(aclDestroyTensor)(tensor));
}
