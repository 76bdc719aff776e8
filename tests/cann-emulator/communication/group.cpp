#include "communication/group.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "runtime/codes.h"
#include "runtime/refusal.h"
#include "runtime/stream.h"

namespace emu {

namespace {

constexpr size_t kChunk = size_t{128} << 10;
constexpr int kTimeout = 9;   // HCCL_E_TIMEOUT
constexpr int kParameter = 1; // HCCL_E_PARA
constexpr int kSystemCall = 8;

} // namespace

struct Group::Seat {
    std::atomic<uint32_t> taken;
    std::atomic<uint32_t> left;
    int32_t device;
    std::atomic<uint64_t> posted; ///< rounds whose bytes lie in the buffer
    std::atomic<uint64_t> read;   ///< rounds whose bytes this rank has taken from all buffers
    Agreement agreement;
    uint64_t size; ///< of everything this rank gives in the current exchange
};

struct Group::Room {
    std::atomic<uint32_t> ranks; ///< 0 until the first one comes
    std::atomic<uint32_t> arrived;
    std::atomic<uint32_t> gone;
};

std::string Group::new_name()
{
    static std::atomic<uint32_t> next{0};
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return format("/cann-emulator-%d-%u-%llx", getpid(), next++, static_cast<unsigned long long>(now));
}

Group::Seat &Group::seat(uint32_t rank) const
{
    return reinterpret_cast<Seat *>(reinterpret_cast<std::byte *>(_room) + 256)[rank];
}

std::byte *Group::buffer(uint32_t rank) const
{
    const size_t seats = (256 + _ranks * sizeof(Seat) + 4095) / 4096 * 4096;
    return reinterpret_cast<std::byte *>(_room) + seats + rank * kChunk;
}

template <class Ready>
void Group::await(int milliseconds, const char *what, Ready ready) const
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    for (int turn = 0; !ready(); turn++) {
        if (turn == 64) {
            // Under the lazy schedule the ranks that are waited for may live in this process: they go on as a device's would.
            for (const std::shared_ptr<Stream> &stream : streams().all()) {
                stream->demand();
            }
        }
        if (std::chrono::steady_clock::now() > deadline) {
            refuse(107020, "rank %u of %u waited %d ms for %s", _rank, _ranks, milliseconds, what);
        }
        if (turn < 200) {
            std::this_thread::yield();
        } else {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }
}

Group::Group(const std::string &name, uint32_t ranks, uint32_t rank, int device, int milliseconds) : _name(name), _ranks(ranks), _rank(rank)
{
    if (ranks == 0 || rank >= ranks) {
        refuse(kParameter, "rank %u of %u", rank, ranks);
    }
    _bytes = (256 + ranks * sizeof(Seat) + 4095) / 4096 * 4096 + ranks * kChunk;
    const int file = shm_open(name.c_str(), O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, static_cast<off_t>(_bytes)) != 0) {
        refuse(kSystemCall, "shared memory %s of %zu bytes cannot be had", name.c_str(), _bytes);
    }
    void *mapped = mmap(nullptr, _bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) {
        refuse(kSystemCall, "shared memory %s cannot be mapped", name.c_str());
    }
    _room = static_cast<Room *>(mapped); // fresh pages are zero: the state of an empty room
    uint32_t expected = 0;
    const bool agreed = _room->ranks.compare_exchange_strong(expected, ranks) || expected == ranks;
    if (!agreed || seat(rank).taken.exchange(1) != 0) {
        munmap(mapped, _bytes);
        refuse(kParameter, agreed ? "rank %u has joined already" : "rank %u comes with another number of ranks", rank);
    }
    seat(rank).device = device;
    _room->arrived++;
    if (milliseconds == 0) {
        return;
    }
    try {
        await(milliseconds, "the others to join", [this] { return _room->arrived >= _ranks; });
    } catch (const Refusal &refusal) {
        munmap(mapped, _bytes);
        shm_unlink(name.c_str());
        refuse(kTimeout, "%s (HCCL_CONNECT_TIMEOUT)", refusal.rule.c_str());
    }
    if (name.find("table") == std::string::npos) {
        shm_unlink(name.c_str()); // all have it mapped, and its name is of one use: a process that is killed leaves nothing behind
    }
    for (uint32_t other = 0; other < ranks; other++) {
        if (other != rank && seat(other).device == device) {
            refuse(kParameter, "ranks %u and %u share device %d", rank, other, device);
        }
    }
}

Group::~Group()
{
    const bool last = ++_room->gone >= _ranks;
    munmap(_room, _bytes);
    if (last) {
        shm_unlink(_name.c_str());
    }
}

std::vector<std::vector<std::byte>> Group::exchange(const Agreement &agreement, const std::byte *bytes, size_t size, int milliseconds)
{
    std::vector<std::vector<std::byte>> all(_ranks);
    size_t longest = size;
    for (size_t at = 0; at == 0 || at < longest; at += kChunk) {
        const uint64_t round = ++_round;
        await(milliseconds, "all ranks to take the last bytes", [&] {
            for (uint32_t other = 0; other < _ranks; other++) {
                if (seat(other).read + 1 < round) {
                    return false;
                }
            }
            return true;
        });
        const size_t own = at < size ? std::min(kChunk, size - at) : 0;
        if (own > 0) {
            std::memcpy(buffer(_rank), bytes + at, own);
        }
        seat(_rank).agreement = agreement;
        seat(_rank).size = size;
        seat(_rank).posted = round;
        for (uint32_t other = 0; other < _ranks; other++) {
            await(milliseconds, "all ranks to come", [&] { return seat(other).posted >= round; });
            const Agreement &theirs = seat(other).agreement;
            if (std::memcmp(&theirs, &agreement, sizeof(agreement)) != 0) {
                refuse(kAicoreException, "rank %u calls collective %u (count %llu, type %u), rank %u collective %u (count %llu, type %u)", _rank, agreement.kind,
                    static_cast<unsigned long long>(agreement.count), agreement.type, other, theirs.kind, static_cast<unsigned long long>(theirs.count),
                    theirs.type);
            }
            longest = std::max<size_t>(longest, seat(other).size);
            const size_t part = at < seat(other).size ? std::min<size_t>(kChunk, seat(other).size - at) : 0;
            all[other].insert(all[other].end(), buffer(other), buffer(other) + part);
        }
        seat(_rank).read = round;
    }
    return all;
}

} // namespace emu
