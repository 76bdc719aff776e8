#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "harness.h"

namespace {

/// Runs `body(rank, comm, stream)` on a thread and a device per rank; the first failure is thrown.
void on_ranks(uint32_t ranks, const std::function<void(uint32_t, HcclComm, aclrtStream)> &body)
{
    HcclRootInfo root;
    OK(CANN(HcclGetRootInfo)(&root));
    std::vector<std::string> failures(ranks);
    std::vector<std::thread> threads;
    for (uint32_t rank = 0; rank < ranks; rank++) {
        threads.emplace_back([&, rank] {
            try {
                OK(CANN(aclrtSetDevice)(static_cast<int32_t>(rank)));
                HcclComm comm = nullptr;
                OK(CANN(HcclCommInitRootInfo)(ranks, &root, rank, &comm));
                aclrtStream stream = nullptr;
                OK(CANN(aclrtCreateStream)(&stream));
                body(rank, comm, stream);
                OK(CANN(HcclCommDestroy)(comm));
            } catch (const std::exception &error) {
                failures[rank] = error.what();
                std::fprintf(stderr, "rank %u: %s\n", rank, error.what()); // at once: the other ranks may wait for this one
            }
            CANN(aclrtResetDeviceForce)(static_cast<int32_t>(rank));
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const std::string &failure : failures) {
        if (!failure.empty()) {
            throw Failure(failure);
        }
    }
}

} // namespace

CASE(collectives_agree_with_their_definitions_on_three_ranks)
{
    on_ranks(3, [](uint32_t rank, HcclComm comm, aclrtStream stream) {
        const double r = rank;
        Buffer send({6}, ACL_BF16, ramp(6, r * 10, 1));
        Buffer sum({6}, ACL_BF16);
        Buffer share({2}, ACL_BF16);
        Buffer all({18}, ACL_BF16);
        Buffer turned({6}, ACL_BF16);
        OK(CANN(HcclAllReduce)(send.address, sum.address, 6, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, comm, stream));
        OK(CANN(HcclReduceScatter)(send.address, share.address, 2, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_MAX, comm, stream));
        OK(CANN(HcclAllGather)(send.address, all.address, 6, HCCL_DATA_TYPE_BFP16, comm, stream));
        OK(CANN(HcclAlltoAll)(send.address, 2, HCCL_DATA_TYPE_BFP16, turned.address, 2, HCCL_DATA_TYPE_BFP16, comm, stream));
        OK(CANN(aclrtSynchronizeStream)(stream));
        EXPECT(sum.read() == ramp(6, 30, 3));
        EXPECT(share.read() == ramp(2, 20 + 2 * r, 1));
        EXPECT(all.read()[0] == 0 && all.read()[7] == 11 && all.read()[17] == 25);
        EXPECT(turned.read() == (std::vector<double>{2 * r, 2 * r + 1, 10 + 2 * r, 11 + 2 * r, 20 + 2 * r, 21 + 2 * r}));
        OK(CANN(HcclBroadcast)(send.address, 6, HCCL_DATA_TYPE_BFP16, 1, comm, stream));
        OK(CANN(aclrtSynchronizeStream)(stream));
        EXPECT(send.read() == ramp(6, 10, 1));
    });
}

CASE(large_and_uneven_shares_travel)
{
    on_ranks(2, [](uint32_t rank, HcclComm comm, aclrtStream stream) {
        const int64_t count = 100000;
        Buffer send({count}, ACL_FLOAT, ramp(count, rank, 1));
        Buffer sum({count}, ACL_FLOAT);
        OK(CANN(HcclAllReduce)(send.address, sum.address, count, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, comm, stream));
        // Rank 0 sends 1 and 3 elements, rank 1 sends 2 and 0.
        const uint64_t counts[2][2] = {{1, 3}, {2, 0}};
        const uint64_t starts[2] = {0, 4};
        const uint64_t wanted[2] = {counts[0][rank], counts[1][rank]};
        const uint64_t places[2] = {0, 4};
        Buffer got({8}, ACL_FLOAT, ramp(8, -1, 0));
        OK(CANN(HcclAlltoAllV)(send.address, counts[rank], starts, HCCL_DATA_TYPE_FP32, got.address, wanted, places, HCCL_DATA_TYPE_FP32, comm, stream));
        OK(CANN(aclrtSynchronizeStream)(stream));
        EXPECT(sum.read()[99999] == 199999);
        const std::vector<double> first = {0, -1, -1, -1, 1, 2, -1, -1};
        const std::vector<double> second = {4, 5, 6, -1, -1, -1, -1, -1};
        EXPECT(got.read() == (rank == 0 ? first : second));
    });
}

bool meet_as_rank(uint32_t rank, const HcclRootInfo &root)
{
    control("hccl-timeout-ms=20000");
    OK(CANN(aclrtSetDevice)(static_cast<int32_t>(rank)));
    HcclComm comm = nullptr;
    OK(CANN(HcclCommInitRootInfo)(2, &root, rank, &comm));
    aclrtStream stream = nullptr;
    OK(CANN(aclrtCreateStream)(&stream));
    Buffer send({2}, ACL_INT32, {rank + 1.0, 5});
    Buffer sum({2}, ACL_INT32);
    OK(CANN(HcclAllReduce)(send.address, sum.address, 2, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, stream));
    OK(CANN(aclrtSynchronizeStream)(stream));
    OK(CANN(HcclCommDestroy)(comm));
    return sum.read() == (std::vector<double>{3, 10});
}

CASE(ranks_in_two_processes_meet)
{
    HcclRootInfo root;
    OK(CANN(HcclGetRootInfo)(&root));
    int pipes[2];
    EXPECT(pipe(pipes) == 0);
    const pid_t child = fork();
    if (child == 0) {
        // The same program as rank 1, the root info on its standard input.
        dup2(pipes[0], 0);
        close(pipes[1]);
        execl("/proc/self/exe", "emulator_tests", g_root.c_str(), g_maps.c_str(), "--rank-1", static_cast<char *>(nullptr));
        _exit(1);
    }
    EXPECT(write(pipes[1], &root, sizeof(root)) == static_cast<ssize_t>(sizeof(root)));
    close(pipes[0]);
    close(pipes[1]);
    const bool right = meet_as_rank(0, root);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT(right && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    control("hccl-timeout-ms=0");
}

CASE(a_rank_that_does_not_come_is_a_timeout)
{
    control("hccl-timeout-ms=300");
    on_ranks(2, [](uint32_t rank, HcclComm comm, aclrtStream stream) {
        Buffer send({2}, ACL_INT32, {1, 2});
        if (rank == 0) {
            OK(CANN(HcclAllReduce)(send.address, send.address, 2, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, stream));
            EXPECT_CODE(107020, CANN(aclrtSynchronizeStream)(stream));
            HcclResult failure = HCCL_SUCCESS;
            OK(CANN(HcclGetCommAsyncError)(comm, &failure));
            EXPECT(failure == HCCL_E_TIMEOUT);
        }
    });
    HcclRootInfo root;
    HcclComm comm = nullptr;
    OK(CANN(aclrtSetDevice)(0));
    OK(CANN(HcclGetRootInfo)(&root));
    EXPECT_CODE(HCCL_E_TIMEOUT, CANN(HcclCommInitRootInfo)(2, &root, 0, &comm));
    root.internal[0] = 0;
    EXPECT_CODE(HCCL_E_PARA, CANN(HcclCommInitRootInfo)(2, &root, 0, &comm));
    control("hccl-timeout-ms=0");
}

CASE(collectives_refuse_what_the_platform_lacks)
{
    on_ranks(1, [](uint32_t, HcclComm comm, aclrtStream stream) {
        Buffer data({4}, ACL_BF16, {1, 2, 3, 4});
        EXPECT_CODE(HCCL_E_NOT_SUPPORT, CANN(HcclAllReduce)(data.address, data.address, 4, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_PROD, comm, stream));
        EXPECT_CODE(HCCL_E_NOT_SUPPORT, CANN(HcclAllReduce)(data.address, data.address, 1, HCCL_DATA_TYPE_UINT64, HCCL_REDUCE_SUM, comm, stream));
        EXPECT_CODE(HCCL_E_MEMORY, CANN(HcclAllReduce)(data.address, data.address, 400, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, comm, stream));
        EXPECT_CODE(HCCL_E_PARA, CANN(HcclBroadcast)(data.address, 4, HCCL_DATA_TYPE_BFP16, 1, comm, stream));
        EXPECT_CODE(HCCL_E_PARA, CANN(HcclAllReduce)(data.address, data.address, 4, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, stream, stream));
    });
}
