// "Collective Communication Functions" and "Point To Point Communication Functions" of the NCCL documentation.
#include <cstring>

#include "core/fault.h"
#include "core/memory.h"
#include "nccl/communicator.h"
#include "nccl/reduction.h"

using namespace emu;

namespace {

enum Kind : uint32_t { kAllReduce = 1, kAllGather, kReduceScatter, kBroadcast, kReduce, kPointToPoint };

struct Call {
    std::shared_ptr<Communicator> comm;
    std::shared_ptr<Stream> stream;
    int device = 0;
    const std::byte *send = nullptr;
    std::byte *receive = nullptr;
    size_t sendBytes = 0, receiveBytes = 0;
    Announcement says;
};

const std::byte *bytes_at(const void *address)
{
    return static_cast<const std::byte *>(address);
}

Call begin(const void *send, void *receive, size_t count, int type, int op, int root, ncclComm_t handle, CUstream stream, Kind kind)
{
    Call call;
    call.comm = communicators().get(handle);
    call.comm->require_usable();
    const size_t size = bytes_of_element(type);
    require_argument(size != 0, "no such data type");
    require_argument(op >= ncclSum && op <= ncclAvg, "no such reduction");
    require_argument(root >= 0 && root < call.comm->ranks, "the root or peer is no rank of the communicator");
    require_argument(count < (size_t{1} << 44), "a count beyond any memory");
    call.device = call.comm->context->device->id;
    call.stream = stream_of(call.comm->context, stream);
    require_argument(call.stream->device->id == call.device, "the stream is of another device than the communicator");
    call.send = bytes_at(send);
    call.receive = static_cast<std::byte *>(receive);
    call.says = {kind, type, op, root, count};
    return call;
}

void check_memory(const Call &call, int code)
{
    if (call.sendBytes > 0) {
        memory::check(call.device, reinterpret_cast<uintptr_t>(call.send), call.sendBytes, code, "sendbuff");
    }
    if (call.receiveBytes > 0) {
        memory::check(call.device, reinterpret_cast<uintptr_t>(call.receive), call.receiveBytes, code, "recvbuff");
    }
}

/// Work on the stream. What goes wrong between the ranks shows as the communicator's asynchronous error, and what should have been
/// received is poison.
void enqueue(const Call &call, const char *name, std::function<void()> body)
{
    static const char kFunction = 0;
    const auto comm = call.comm;
    call.stream->submit({CU_GRAPH_NODE_TYPE_KERNEL, name,
                            [call, comm, body] {
                                const std::lock_guard<std::mutex> lock(comm->running);
                                check_memory(call, CUDA_ERROR_ILLEGAL_ADDRESS);
                                try {
                                    comm->require_usable();
                                    if (const int code = faults::take("nccl")) {
                                        refuse(code, "ordered fault");
                                    }
                                    body();
                                } catch (const Refusal &refusal) {
                                    comm->fail(refusal.code, refusal.rule);
                                    std::memset(call.receive, 0xFF, call.receiveBytes);
                                }
                            },
                            &kFunction},
        {comm->last});
    comm->last = call.stream->last();
}

/// Every rank's `bytes` from its own buffer, in the order of ranks.
std::vector<std::vector<std::byte>> gather(const Call &call, const std::byte *send, size_t bytes)
{
    Communicator &comm = *call.comm;
    std::vector<std::vector<std::byte>> parts(static_cast<size_t>(comm.ranks), std::vector<std::byte>(bytes));
    std::vector<Parcel> parcels;
    for (int peer = 0; peer < comm.ranks; peer++) {
        if (peer == comm.rank) {
            std::memcpy(parts[static_cast<size_t>(peer)].data(), send, bytes);
            continue;
        }
        parcels.push_back({peer, send, bytes, true, parts[static_cast<size_t>(peer)].data(), bytes, true, call.says, call.says});
    }
    comm.room->exchange(parcels);
    return parts;
}

std::vector<const std::byte *> pointers(const std::vector<std::vector<std::byte>> &parts, size_t offset)
{
    std::vector<const std::byte *> result;
    for (const auto &part : parts) {
        result.push_back(part.data() + offset);
    }
    return result;
}

void forbid_overlap(const Call &call, const std::byte *allowed)
{
    const bool apart = call.send + call.sendBytes <= call.receive || call.receive + call.receiveBytes <= call.send;
    require_argument(apart || call.send == allowed, "sendbuff and recvbuff overlap in another way than the in-place form");
}

void launch(const Call &call, const char *name, std::function<void()> body)
{
    check_memory(call, ncclInvalidArgument);
    submit_or_group([=] { enqueue(call, name, body); });
}

void point_to_point(const Call &call, bool sends)
{
    check_memory(call, ncclInvalidArgument);
    Parcel parcel;
    parcel.peer = call.says.root;
    Announcement says = call.says;
    says.root = 0;
    if (sends) {
        parcel.sends = true;
        parcel.out = call.send;
        parcel.outBytes = call.sendBytes;
        parcel.outSays = says;
    } else {
        parcel.receives = true;
        parcel.in = call.receive;
        parcel.inBytes = call.receiveBytes;
        parcel.inSays = says;
    }
    submit_or_group(Pair{call.comm, call.stream, parcel});
}

} // namespace

namespace emu {

void send_pairs(const std::vector<Pair> &pairs)
{
    std::vector<bool> taken(pairs.size(), false);
    for (size_t i = 0; i < pairs.size(); i++) {
        if (taken[i]) {
            continue;
        }
        std::vector<Parcel> parcels;
        for (size_t j = i; j < pairs.size(); j++) {
            if (pairs[j].comm == pairs[i].comm && pairs[j].stream == pairs[i].stream) {
                taken[j] = true;
                parcels.push_back(pairs[j].parcel);
            }
        }
        Call call;
        call.comm = pairs[i].comm;
        call.stream = pairs[i].stream;
        call.device = call.comm->context->device->id;
        enqueue(call, "ncclSend and ncclRecv", [comm = call.comm, parcels, device = call.device] {
            for (const Parcel &parcel : parcels) {
                if (parcel.outBytes > 0) {
                    memory::check(device, reinterpret_cast<uintptr_t>(parcel.out), parcel.outBytes, ncclUnhandledCudaError, "sendbuff");
                }
                if (parcel.inBytes > 0) {
                    memory::check(device, reinterpret_cast<uintptr_t>(parcel.in), parcel.inBytes, ncclUnhandledCudaError, "recvbuff");
                }
            }
            std::vector<Parcel> moving = parcels;
            try {
                comm->room->exchange(moving);
            } catch (const Refusal &) {
                for (const Parcel &parcel : parcels) {
                    std::memset(parcel.in, 0xFF, parcel.inBytes);
                }
                throw;
            }
        });
    }
}

} // namespace emu

CUDA_EXPORT ncclResult_t ncclAllReduce(const void *send, void *receive, size_t count, int type, int op, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclAllReduce", [=] {
        Call call = begin(send, receive, count, type, op, 0, comm, stream, kAllReduce);
        call.sendBytes = call.receiveBytes = count * bytes_of_element(type);
        forbid_overlap(call, call.receive);
        launch(call, "ncclAllReduce", [=] { reduce_parts(call.receive, pointers(gather(call, call.send, call.sendBytes), 0), count, type, op); });
    });
}

CUDA_EXPORT ncclResult_t ncclAllGather(const void *send, void *receive, size_t count, int type, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclAllGather", [=] {
        Call call = begin(send, receive, count, type, ncclSum, 0, comm, stream, kAllGather);
        call.sendBytes = count * bytes_of_element(type);
        call.receiveBytes = call.sendBytes * static_cast<size_t>(call.comm->ranks);
        forbid_overlap(call, call.receive + static_cast<size_t>(call.comm->rank) * call.sendBytes);
        launch(call, "ncclAllGather", [=] {
            const auto parts = gather(call, call.send, call.sendBytes);
            for (size_t rank = 0; rank < parts.size(); rank++) {
                std::memcpy(call.receive + rank * call.sendBytes, parts[rank].data(), call.sendBytes);
            }
        });
    });
}

CUDA_EXPORT ncclResult_t ncclReduceScatter(const void *send, void *receive, size_t count, int type, int op, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclReduceScatter", [=] {
        Call call = begin(send, receive, count, type, op, 0, comm, stream, kReduceScatter);
        call.receiveBytes = count * bytes_of_element(type);
        call.sendBytes = call.receiveBytes * static_cast<size_t>(call.comm->ranks);
        const size_t own = static_cast<size_t>(call.comm->rank) * call.receiveBytes;
        forbid_overlap(call, call.receive - own);
        launch(call, "ncclReduceScatter",
            [=] { reduce_parts(call.receive, pointers(gather(call, call.send, call.sendBytes), own), count, type, op); });
    });
}

CUDA_EXPORT ncclResult_t ncclBroadcast(const void *send, void *receive, size_t count, int type, int root, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclBroadcast", [=] {
        Call call = begin(send, receive, count, type, ncclSum, root, comm, stream, kBroadcast);
        call.receiveBytes = count * bytes_of_element(type);
        call.sendBytes = call.comm->rank == root ? call.receiveBytes : 0;
        launch(call, "ncclBroadcast", [=] {
            std::vector<Parcel> parcels;
            const bool gives = call.comm->rank == root;
            for (int peer = 0; peer < call.comm->ranks; peer++) {
                if (peer != call.comm->rank && (gives || peer == root)) {
                    parcels.push_back({peer, call.send, call.sendBytes, gives, call.receive, call.receiveBytes, !gives, call.says, call.says});
                }
            }
            call.comm->room->exchange(parcels);
            if (gives && call.send != call.receive) {
                std::memmove(call.receive, call.send, call.sendBytes);
            }
        });
    });
}

CUDA_EXPORT ncclResult_t ncclReduce(const void *send, void *receive, size_t count, int type, int op, int root, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclReduce", [=] {
        Call call = begin(send, receive, count, type, op, root, comm, stream, kReduce);
        call.sendBytes = count * bytes_of_element(type);
        call.receiveBytes = call.comm->rank == root ? call.sendBytes : 0;
        launch(call, "ncclReduce", [=] {
            const auto parts = gather(call, call.send, call.sendBytes);
            if (call.receiveBytes > 0) {
                reduce_parts(call.receive, pointers(parts, 0), count, type, op);
            }
        });
    });
}

CUDA_EXPORT ncclResult_t ncclSend(const void *send, size_t count, int type, int peer, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclSend", [=] {
        Call call = begin(send, nullptr, count, type, ncclSum, peer, comm, stream, kPointToPoint);
        call.sendBytes = count * bytes_of_element(type);
        point_to_point(call, true);
    });
}

CUDA_EXPORT ncclResult_t ncclRecv(void *receive, size_t count, int type, int peer, ncclComm_t comm, CUstream stream)
{
    return enter_nccl("ncclRecv", [=] {
        Call call = begin(nullptr, receive, count, type, ncclSum, peer, comm, stream, kPointToPoint);
        call.receiveBytes = count * bytes_of_element(type);
        point_to_point(call, false);
    });
}
