#pragma once
#include <functional>
#include <memory>
#include <mutex>

#include "abi/nccl.h"
#include "core/enter.h"
#include "core/stream.h"
#include "nccl/room.h"

namespace emu {

struct Communicator {
    std::unique_ptr<Room> room;
    int ranks = 0, rank = 0;
    std::shared_ptr<Context> context;
    std::mutex mutex;
    int error = ncclSuccess; ///< what went wrong on the device's side; sticks
    std::string text;
    Ticket last; ///< operations of a communicator run one after another, whatever their streams
    std::mutex running;

    void fail(int code, const std::string &rule);
    void require_usable();
};

Handles<Communicator> &communicators();

/// Codes of NCCL pass; what the driver below refused is ncclUnhandledCudaError.
template <class Body>
ncclResult_t enter_nccl(const char *function, Body body) noexcept
{
    const int code = enter(function, body);
    return static_cast<ncclResult_t>(code > ncclInProgress ? static_cast<int>(ncclUnhandledCudaError) : code);
}

inline void require_argument(bool good, const char *rule)
{
    if (!good) {
        refuse(ncclInvalidArgument, "%s", rule);
    }
}

/// A send or a receive: those of one group, communicator and stream go side by side.
struct Pair {
    std::shared_ptr<Communicator> comm;
    std::shared_ptr<Stream> stream;
    Parcel parcel;
};

/// Runs now, or when this thread's group ends.
void submit_or_group(std::function<void()> call);
void submit_or_group(const Pair &pair);
void send_pairs(const std::vector<Pair> &pairs);

} // namespace emu
