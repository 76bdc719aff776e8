// "Communicator Creation and Management", "Group Calls", "Fault tolerance" of the NCCL documentation.
#include "nccl/communicator.h"

#include <cstring>
#include <vector>

#include "core/settings.h"

using namespace emu;

namespace {

constexpr char kMagic[8] = {'E', 'M', 'U', 'N', 'C', 'C', 'L', '1'};

/// What a thread said between ncclGroupStart and ncclGroupEnd.
struct Group {
    int depth = 0;
    std::vector<std::function<void()>> joins; ///< second halves of initialisations: they wait for others
    std::vector<std::function<void()>> calls;
    std::vector<Pair> pairs;
};

Group &group()
{
    thread_local Group own;
    return own;
}

void join(ncclComm_t *comm, int ranks, const ncclUniqueId &id, int rank)
{
    require_argument(comm != nullptr, "comm is null");
    require_argument(ranks >= 1 && ranks <= 64 && rank >= 0 && rank < ranks, "a rank lies below the number of ranks, at most 64 here");
    require_argument(std::memcmp(id.internal, kMagic, sizeof(kMagic)) == 0 && id.internal[127] == 0, "the id was not made by ncclGetUniqueId");
    auto created = std::make_shared<Communicator>();
    created->context = current_context();
    created->ranks = ranks;
    created->rank = rank;
    created->room = std::make_unique<Room>(id.internal + sizeof(kMagic), ranks, rank, created->context->device->id);
    const auto wait = [=] {
        created->room->gather();
        *comm = static_cast<ncclComm_t>(communicators().add(created));
    };
    if (group().depth > 0) {
        *comm = nullptr;
        group().joins.push_back(wait);
    } else {
        wait();
    }
}

void end(ncclComm_t handle, bool aborted)
{
    const auto comm = communicators().get(handle);
    if (aborted) {
        comm->room->leave(true);
    }
    comm->last.wait();
    const std::lock_guard<std::mutex> lock(comm->running);
    comm->room->leave(aborted);
    communicators().remove(handle);
}

} // namespace

namespace emu {

Handles<Communicator> &communicators()
{
    static auto &all = *new Handles<Communicator>("communicator", 26, ncclInvalidArgument);
    return all;
}

void Communicator::fail(int code, const std::string &rule)
{
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (error != ncclSuccess) {
            return;
        }
        error = code;
        text = rule;
    }
    note_refusal(code, "communicator", rule);
}

void Communicator::require_usable()
{
    std::lock_guard<std::mutex> lock(mutex);
    if (error != ncclSuccess) {
        refuse(error, "the communicator failed earlier: %s", text.c_str());
    }
}

void submit_or_group(std::function<void()> call)
{
    if (group().depth > 0) {
        group().calls.push_back(std::move(call));
    } else {
        call();
    }
}

void submit_or_group(const Pair &pair)
{
    if (group().depth > 0) {
        group().pairs.push_back(pair);
    } else {
        send_pairs({pair});
    }
}

} // namespace emu

CUDA_EXPORT ncclResult_t ncclGetVersion(int *version)
{
    return enter_nccl("ncclGetVersion", [=] {
        require_argument(version != nullptr, "version is null");
        *version = 22605;
    });
}

CUDA_EXPORT ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    return enter_nccl("ncclGetUniqueId", [=] {
        require_argument(id != nullptr, "uniqueId is null");
        std::memset(id, 0, sizeof(*id));
        std::memcpy(id->internal, kMagic, sizeof(kMagic));
        const std::string name = Room::new_name();
        std::memcpy(id->internal + sizeof(kMagic), name.data(), name.size());
    });
}

CUDA_EXPORT ncclResult_t ncclCommInitRank(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank)
{
    return enter_nccl("ncclCommInitRank", [&] { join(comm, ranks, id, rank); });
}

CUDA_EXPORT ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank, ncclConfigHead *config)
{
    return enter_nccl("ncclCommInitRankConfig", [&] {
        if (config != nullptr) {
            require_argument(config->magic == 0xcafebeef, "the configuration was not initialised with NCCL_CONFIG_INITIALIZER");
        }
        join(comm, ranks, id, rank);
    });
}

CUDA_EXPORT ncclResult_t ncclCommInitAll(ncclComm_t *comms, int count, const int *devices)
{
    return enter_nccl("ncclCommInitAll", [=] {
        require_argument(comms != nullptr && count > 0 && count <= device_count(), "no communicators, or more than devices");
        ncclUniqueId id;
        ncclGetUniqueId(&id);
        const auto before = context_stack();
        group().depth++;
        for (int rank = 0; rank < count; rank++) {
            const auto device = device_at(devices != nullptr ? devices[rank] : rank);
            if (!device->primary) {
                device->primary = create_context(device, 0, true);
                device->retained++;
            }
            context_stack() = {device->primary};
            join(&comms[rank], count, id, rank);
        }
        context_stack() = before;
        group().depth--;
        auto joins = std::move(group().joins);
        group().joins.clear();
        for (const auto &wait : joins) {
            wait();
        }
    });
}

CUDA_EXPORT ncclResult_t ncclCommFinalize(ncclComm_t handle)
{
    return enter_nccl("ncclCommFinalize", [=] {
        const auto comm = communicators().get(handle);
        comm->require_usable();
        comm->last.wait();
    });
}

CUDA_EXPORT ncclResult_t ncclCommDestroy(ncclComm_t handle)
{
    return enter_nccl("ncclCommDestroy", [=] { end(handle, false); });
}

CUDA_EXPORT ncclResult_t ncclCommAbort(ncclComm_t handle)
{
    return enter_nccl("ncclCommAbort", [=] { end(handle, true); });
}

CUDA_EXPORT ncclResult_t ncclCommGetAsyncError(ncclComm_t handle, ncclResult_t *error)
{
    return enter_nccl("ncclCommGetAsyncError", [=] {
        const auto comm = communicators().get(handle);
        require_argument(error != nullptr, "asyncError is null");
        std::lock_guard<std::mutex> lock(comm->mutex);
        *error = static_cast<ncclResult_t>(comm->error);
    });
}

CUDA_EXPORT ncclResult_t ncclCommCount(ncclComm_t handle, int *count)
{
    return enter_nccl("ncclCommCount", [=] {
        require_argument(count != nullptr, "count is null");
        *count = communicators().get(handle)->ranks;
    });
}

CUDA_EXPORT ncclResult_t ncclCommCuDevice(ncclComm_t handle, int *device)
{
    return enter_nccl("ncclCommCuDevice", [=] {
        require_argument(device != nullptr, "device is null");
        *device = communicators().get(handle)->context->device->id;
    });
}

CUDA_EXPORT ncclResult_t ncclCommUserRank(ncclComm_t handle, int *rank)
{
    return enter_nccl("ncclCommUserRank", [=] {
        require_argument(rank != nullptr, "rank is null");
        *rank = communicators().get(handle)->rank;
    });
}

CUDA_EXPORT const char *ncclGetErrorString(ncclResult_t result)
{
    switch (static_cast<int>(result)) {
    case ncclSuccess: return "no error";
    case ncclUnhandledCudaError: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case ncclSystemError: return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case ncclInternalError: return "internal error - please report this issue to the NCCL developers";
    case ncclInvalidArgument: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case ncclInvalidUsage: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case ncclRemoteError: return "remote process exited or there was a network error";
    case ncclInProgress: return "NCCL operation in progress";
    default: return "unknown result code";
    }
}

CUDA_EXPORT const char *ncclGetLastError(ncclComm_t)
{
    thread_local std::string text;
    text = last_refusal();
    return text.c_str();
}

CUDA_EXPORT ncclResult_t ncclGroupStart()
{
    return enter_nccl("ncclGroupStart", [] { group().depth++; });
}

CUDA_EXPORT ncclResult_t ncclGroupEnd()
{
    return enter_nccl("ncclGroupEnd", [] {
        Group &own = group();
        if (own.depth == 0) {
            refuse(ncclInvalidUsage, "ncclGroupEnd without ncclGroupStart");
        }
        if (--own.depth > 0) {
            return;
        }
        const auto joins = std::move(own.joins);
        const auto calls = std::move(own.calls);
        const auto pairs = std::move(own.pairs);
        own.joins.clear();
        own.calls.clear();
        own.pairs.clear();
        for (const auto &wait : joins) {
            wait();
        }
        for (const auto &call : calls) {
            call();
        }
        send_pairs(pairs);
    });
}
