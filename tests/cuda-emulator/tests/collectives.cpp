// NCCL between threads and between processes, and what happens when a peer is gone.
#include "harness.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "abi/nccl.h"

namespace {

/// One rank with a device of its own; runs on its own thread.
struct Rank {
    Rank(int number, int ranks, const ncclUniqueId &id)
    {
        OK(cuInit(0));
        OK(cuDevicePrimaryCtxRetain(&context, number));
        OK(cuCtxSetCurrent(context));
        OK(cuStreamCreate(&stream, 1));
        OK(ncclCommInitRank(&comm, ranks, id, number));
        device = number;
    }

    ~Rank()
    {
        if (comm != nullptr) {
            ncclCommDestroy(comm);
        }
        cuStreamDestroy_v2(stream);
        cuDevicePrimaryCtxRelease_v2(device);
        cuCtxSetCurrent(nullptr);
    }

    Rank(const Rank &) = delete;
    Rank &operator=(const Rank &) = delete;

    int device = 0;
    CUcontext context = nullptr;
    CUstream stream = nullptr;
    ncclComm_t comm = nullptr;
};

void *at(CUdeviceptr address)
{
    return reinterpret_cast<void *>(static_cast<uintptr_t>(address));
}

/// Runs the body once a rank, each on a thread; rethrows what the first failed one threw.
void on_ranks(int ranks, const std::function<void(Rank &)> &body)
{
    ncclUniqueId id;
    OK(ncclGetUniqueId(&id));
    std::vector<std::string> failures(static_cast<size_t>(ranks));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < ranks; rank++) {
        threads.emplace_back([&, rank] {
            try {
                Rank own(rank, ranks, id);
                body(own);
            } catch (const std::exception &error) {
                failures[static_cast<size_t>(rank)] = error.what();
            }
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

int devices()
{
    int count = 0;
    OK(cuInit(0));
    OK(cuDeviceGetCount(&count));
    return count;
}

ncclResult_t async_error(ncclComm_t comm)
{
    ncclResult_t error = ncclSuccess;
    OK(ncclCommGetAsyncError(comm, &error));
    return error;
}

} // namespace

CASE(Collectives_compute_over_threads)
{
    if (devices() < 3) {
        return;
    }
    constexpr size_t kCount = 40000; // more than one chunk of the mailbox
    on_ranks(3, [&](Rank &rank) {
        std::vector<float> mine(kCount, static_cast<float>(rank.device + 1));
        Buffer<float> in(mine), out(kCount * 3), part(size_t{100});
        OK(ncclAllReduce(at(in.address), at(out.address), kCount, ncclFloat32, ncclSum, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(out.read()[kCount - 1] == 6);
        OK(ncclAllGather(at(in.address), at(out.address), kCount, ncclFloat32, rank.comm, rank.stream));
        OK(ncclReduceScatter(at(out.address), at(part.address), 100, ncclFloat32, ncclMax, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        const std::vector<float> gathered = out.read();
        EXPECT(gathered[0] == 1 && gathered[kCount] == 2 && gathered[3 * kCount - 1] == 3 && part.read()[99] == 1);
        OK(ncclBroadcast(at(in.address), at(out.address), 10, ncclFloat32, 2, rank.comm, rank.stream));
        // A ring: everybody sends to the next and receives from the one before, in one group.
        OK(ncclGroupStart());
        OK(ncclSend(at(in.address), kCount, ncclFloat32, (rank.device + 1) % 3, rank.comm, rank.stream));
        OK(ncclRecv(at(out.address + kCount * 4), kCount, ncclFloat32, (rank.device + 2) % 3, rank.comm, rank.stream));
        OK(ncclGroupEnd());
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(out.read()[0] == 3 && out.read()[2 * kCount - 1] == static_cast<float>((rank.device + 2) % 3 + 1));
        EXPECT(async_error(rank.comm) == ncclSuccess);
    });
}

CASE(Collectives_replay_in_graphs)
{
    if (devices() < 2) {
        return;
    }
    on_ranks(2, [&](Rank &rank) {
        Buffer<int> x(std::vector<int>(4, rank.device + 1));
        CUgraph graph = nullptr;
        OK(cuStreamBeginCapture_v2(rank.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        OK(ncclAllReduce(at(x.address), at(x.address), 4, ncclInt32, ncclSum, rank.comm, rank.stream));
        OK(cuStreamEndCapture(rank.stream, &graph));
        CUgraphExec exec = nullptr;
        OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
        for (int i = 0; i < 3; i++) {
            OK(cuGraphLaunch(exec, rank.stream));
        }
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(x.read()[0] == 12); // 3, 6, 12
        OK(cuGraphExecDestroy(exec));
        OK(cuGraphDestroy(graph));
    });
}

CASE(Ranks_that_disagree_or_leave_are_errors_not_hangs)
{
    if (devices() < 2) {
        return;
    }
    on_ranks(2, [&](Rank &rank) {
        Buffer<float> x(std::vector<float>(8, 1)), y(size_t{16});
        OK(ncclAllGather(at(x.address), at(y.address), rank.device == 0 ? 8 : 4, ncclFloat32, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(async_error(rank.comm) == ncclInvalidUsage || async_error(rank.comm) == ncclRemoteError);
        OK(ncclCommAbort(rank.comm));
        rank.comm = nullptr;
    });
    on_ranks(2, [&](Rank &rank) {
        if (rank.device == 1) {
            OK(ncclCommAbort(rank.comm));
            rank.comm = nullptr;
            return;
        }
        Buffer<float> x(std::vector<float>(8, 1)), y(size_t{16});
        OK(ncclAllGather(at(x.address), at(y.address), 8, ncclFloat32, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(async_error(rank.comm) == ncclRemoteError);
        EXPECT(y.read()[0] != y.read()[0]); // poison, not half a result
        EXPECT_CODE(ncclRemoteError, ncclAllReduce(at(x.address), at(x.address), 8, ncclFloat32, ncclSum, rank.comm, rank.stream));
    });
    control("nccl-timeout-ms=200");
    ncclUniqueId id;
    OK(ncclGetUniqueId(&id));
    Scene scene;
    ncclComm_t comm = nullptr;
    EXPECT_CODE(ncclRemoteError, ncclCommInitRank(&comm, 2, id, 0)); // nobody else comes
    control("nccl-timeout-ms=20000");
    EXPECT_CODE(ncclInvalidArgument, ncclCommInitRank(&comm, 2, id, 2));
    ncclUniqueId none{};
    EXPECT_CODE(ncclInvalidArgument, ncclCommInitRank(&comm, 1, none, 0));
    EXPECT_CODE(ncclInvalidUsage, ncclGroupEnd());
    control("fault=nccl@1=peer");
    OK(ncclGetUniqueId(&id));
    OK(ncclCommInitRank(&comm, 1, id, 0));
    Buffer<float> x(size_t{4});
    OK(ncclAllReduce(at(x.address), at(x.address), 4, ncclFloat32, ncclSum, comm, scene.stream));
    OK(cuStreamSynchronize(scene.stream));
    EXPECT(async_error(comm) == ncclRemoteError);
    OK(ncclCommAbort(comm));
    EXPECT_CODE(ncclInvalidArgument, ncclCommDestroy(comm));
}

CASE(Ranks_meet_across_processes_and_notice_a_death)
{
    if (devices() < 2) {
        return;
    }
    ncclUniqueId id;
    OK(ncclGetUniqueId(&id));
    std::string text(id.internal, sizeof(id.internal));
    setenv("CUDA_EMULATOR_TEST_ID", text.c_str() + 8, 1);
    const pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "emulator_tests", "--rank", static_cast<char *>(nullptr));
        _exit(9);
    }
    std::string failure;
    try {
        Rank rank(0, 2, id);
        Buffer<int> x(std::vector<int>(4, 1));
        OK(ncclAllReduce(at(x.address), at(x.address), 4, ncclInt32, ncclSum, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(x.read()[0] == 11);
        // The other rank ends its process without a word.
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        OK(ncclAllReduce(at(x.address), at(x.address), 4, ncclInt32, ncclSum, rank.comm, rank.stream));
        OK(cuStreamSynchronize(rank.stream));
        EXPECT(async_error(rank.comm) == ncclRemoteError);
        EXPECT(says("process of rank 1 is gone"));
    } catch (const std::exception &error) {
        kill(child, SIGKILL);
        throw Failure(error.what());
    }
}

/// The other process of the case above.
int run_as_rank()
{
    ncclUniqueId id{};
    std::memcpy(id.internal, "EMUNCCL1", 8);
    const char *name = std::getenv("CUDA_EMULATOR_TEST_ID");
    std::memcpy(id.internal + 8, name, std::strlen(name));
    try {
        auto *rank = new Rank(1, 2, id); // never destroyed: this process dies with the communicator open
        Buffer<int> x(std::vector<int>(4, 10));
        OK(ncclAllReduce(at(x.address), at(x.address), 4, ncclInt32, ncclSum, rank->comm, rank->stream));
        OK(cuStreamSynchronize(rank->stream));
        EXPECT(x.read()[0] == 11);
        _exit(0);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "rank 1: %s\n", error.what());
        _exit(8);
    }
}
