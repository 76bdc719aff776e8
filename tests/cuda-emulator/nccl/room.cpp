#include "nccl/room.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "abi/nccl.h"
#include "core/refusal.h"
#include "core/settings.h"
#include "core/stream.h"

namespace emu {

namespace {

constexpr size_t kChunk = 32 << 10;

} // namespace

struct Room::Head {
    std::atomic<int32_t> ranks; ///< 0 until the first one comes
    std::atomic<int32_t> arrived;
};

struct Room::Seat {
    std::atomic<int32_t> taken;
    std::atomic<int32_t> process;
    std::atomic<int32_t> device;
    std::atomic<int32_t> left; ///< 1 destroyed, 2 aborted
};

/// One message at a time: an announcement, then chunks. `posted` counts what the sender put in, `taken` what the receiver took out.
struct Room::Mailbox {
    std::atomic<uint64_t> posted;
    std::atomic<uint64_t> taken;
    Announcement says;
    uint64_t bytes;
    std::byte data[kChunk];
};

std::string Room::new_name()
{
    static std::atomic<unsigned> next{0};
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return format("/cuda-emulator-%d-%u-%llx", getpid(), next++, static_cast<unsigned long long>(now));
}

Room::Seat &Room::seat(int rank) const
{
    return reinterpret_cast<Seat *>(_memory + 256)[rank];
}

Room::Mailbox &Room::mailbox(int from, int to) const
{
    const size_t seats = (256 + static_cast<size_t>(_ranks) * sizeof(Seat) + 4095) / 4096 * 4096;
    return reinterpret_cast<Mailbox *>(_memory + seats)[from * _ranks + to];
}

Room::Room(const std::string &name, int ranks, int rank, int device) : _name(name), _ranks(ranks), _rank(rank)
{
    _bytes = (256 + static_cast<size_t>(ranks) * sizeof(Seat) + 4095) / 4096 * 4096
        + static_cast<size_t>(ranks) * static_cast<size_t>(ranks) * sizeof(Mailbox);
    const int file = shm_open(name.c_str(), O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, static_cast<off_t>(_bytes)) != 0) {
        refuse(ncclSystemError, "shared memory %s of %zu bytes cannot be had", name.c_str(), _bytes);
    }
    void *mapped = mmap(nullptr, _bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) {
        refuse(ncclSystemError, "shared memory %s cannot be mapped", name.c_str());
    }
    _memory = static_cast<std::byte *>(mapped); // fresh pages are zero: the state of an empty room
    auto &head = *reinterpret_cast<Head *>(_memory);
    int32_t none = 0, free = 0;
    if (!head.ranks.compare_exchange_strong(none, ranks) && none != ranks) {
        munmap(mapped, _bytes);
        refuse(ncclInvalidArgument, "this rank counts %d ranks, others count %d", ranks, none);
    }
    if (!seat(rank).taken.compare_exchange_strong(free, 1)) {
        munmap(mapped, _bytes);
        refuse(ncclInvalidUsage, "rank %d has come already", rank);
    }
    seat(rank).process = getpid();
    seat(rank).device = device;
    head.arrived++;
}

Room::~Room()
{
    leave(false);
    munmap(_memory, _bytes);
}

void Room::await(const std::function<bool()> &ready, const std::function<std::string()> &what)
{
    const auto limit = std::chrono::milliseconds(settings().ncclTimeoutMilliseconds);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (int turn = 0; !ready(); turn++) {
        if (_aborted) {
            refuse(ncclRemoteError, "rank %d aborted the communicator", _rank);
        }
        if (turn == 64) {
            demand_every_stream(); // under the lazy schedule the ranks that are waited for may live in this process
        }
        if (turn % 256 == 255 && std::chrono::steady_clock::now() > deadline) {
            refuse(ncclRemoteError, "rank %d of %d waited %lld ms for %s", _rank, _ranks, static_cast<long long>(limit.count()), what().c_str());
        }
        if (turn < 200) {
            std::this_thread::yield();
        } else {
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    }
}

void Room::gather()
{
    auto &head = *reinterpret_cast<Head *>(_memory);
    try {
        await([&] { return head.arrived >= _ranks; }, [&] { return format("%d ranks that did not come", _ranks - head.arrived.load()); });
    } catch (const Refusal &) {
        shm_unlink(_name.c_str());
        throw;
    }
    shm_unlink(_name.c_str());
    for (int other = 0; other < _ranks; other++) {
        if (other != _rank && seat(other).device == seat(_rank).device) {
            refuse(ncclInvalidUsage, "ranks %d and %d use the same device %d", _rank, other, seat(_rank).device.load());
        }
    }
}

void Room::require_present(int peer) const
{
    const Seat &other = seat(peer);
    if (other.left != 0) {
        refuse(ncclRemoteError, "rank %d %s the communicator", peer, other.left == 1 ? "left" : "aborted");
    }
    if (kill(other.process, 0) != 0 && errno == ESRCH) {
        refuse(ncclRemoteError, "the process of rank %d is gone", peer);
    }
}

bool Room::advance_out(Parcel &parcel, size_t &done, bool &announced)
{
    Mailbox &box = mailbox(_rank, parcel.peer);
    const uint64_t taken = box.taken.load(std::memory_order_acquire);
    if (taken != box.posted.load(std::memory_order_relaxed)) {
        return false;
    }
    if (announced && done == parcel.outBytes) {
        return true; // the last chunk was taken: a send ends when its bytes have arrived
    }
    const size_t count = announced ? std::min(kChunk, parcel.outBytes - done) : 0;
    box.says = parcel.outSays;
    box.bytes = count;
    if (count > 0) {
        std::memcpy(box.data, parcel.out + done, count);
    }
    done += count;
    announced = true;
    box.posted.store(taken + 1, std::memory_order_release);
    return false;
}

bool Room::advance_in(Parcel &parcel, size_t &done, bool &announced)
{
    if (announced && done == parcel.inBytes) {
        return true;
    }
    Mailbox &box = mailbox(parcel.peer, _rank);
    const uint64_t posted = box.posted.load(std::memory_order_acquire);
    if (posted == box.taken.load(std::memory_order_relaxed)) {
        return false;
    }
    if (!announced && !parcel.inSays.fits(box.says)) {
        refuse(ncclInvalidUsage, "rank %d expects %llu elements of type %d (call %u, op %d, root %d), rank %d brings %llu of type %d (call %u, op %d, root %d)",
            _rank, static_cast<unsigned long long>(parcel.inSays.count), parcel.inSays.type, parcel.inSays.kind, parcel.inSays.op, parcel.inSays.root,
            parcel.peer, static_cast<unsigned long long>(box.says.count), box.says.type, box.says.kind, box.says.op, box.says.root);
    }
    announced = true;
    const size_t count = std::min(box.bytes, parcel.inBytes - done);
    std::memcpy(parcel.in + done, box.data, count);
    done += count;
    box.taken.store(posted, std::memory_order_release);
    return done == parcel.inBytes;
}

void Room::exchange(std::vector<Parcel> &parcels)
{
    struct State {
        size_t outDone = 0, inDone = 0;
        bool outSaid = false, inSaid = false, outEnded = false, inEnded = false;
    };
    std::vector<State> states(parcels.size());
    int turn = 0;
    const auto step = [&] {
        bool ended = true;
        for (size_t i = 0; i < parcels.size(); i++) {
            State &state = states[i];
            Parcel &parcel = parcels[i];
            // Both ends move every chunk that lies ready before they look at anybody else.
            while (parcel.sends && !state.outEnded && mailbox(_rank, parcel.peer).taken == mailbox(_rank, parcel.peer).posted) {
                state.outEnded = advance_out(parcel, state.outDone, state.outSaid);
            }
            while (parcel.receives && !state.inEnded && mailbox(parcel.peer, _rank).taken != mailbox(parcel.peer, _rank).posted) {
                state.inEnded = advance_in(parcel, state.inDone, state.inSaid);
            }
            const bool done = (!parcel.sends || state.outEnded) && (!parcel.receives || state.inEnded);
            if (!done && turn % 64 == 63) {
                require_present(parcel.peer);
            }
            ended = ended && done;
        }
        turn++;
        return ended;
    };
    await(step, [&] {
        std::string peers;
        for (size_t i = 0; i < parcels.size(); i++) {
            const bool done = (!parcels[i].sends || states[i].outEnded) && (!parcels[i].receives || states[i].inEnded);
            peers += done ? "" : format(" %d", parcels[i].peer);
        }
        return "the bytes of rank" + peers;
    });
}

void Room::leave(bool aborted)
{
    _aborted = _aborted || aborted;
    int32_t present = 0;
    seat(_rank).left.compare_exchange_strong(present, aborted ? 2 : 1);
}

} // namespace emu
