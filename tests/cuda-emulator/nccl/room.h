#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace emu {

/// What a rank says before it moves bytes to another, so that calls that do not fit each other are found.
struct Announcement {
    uint32_t kind = 0;
    int32_t type = 0, op = 0, root = 0;
    uint64_t count = 0;

    bool fits(const Announcement &other) const
    {
        return kind == other.kind && type == other.type && op == other.op && root == other.root && count == other.count;
    }
};

/// Bytes to one peer and from one peer in the course of an operation.
struct Parcel {
    int peer = 0;
    const std::byte *out = nullptr;
    size_t outBytes = 0;
    bool sends = false;
    std::byte *in = nullptr;
    size_t inBytes = 0;
    bool receives = false;
    Announcement outSays, inSays;
};

/// The shared memory of one communicator: a seat for each rank, a mailbox for each ordered pair. Ranks are threads or processes.
class Room {
public:
    Room(const std::string &name, int ranks, int rank, int device);
    ~Room();
    Room(const Room &) = delete;
    Room &operator=(const Room &) = delete;

    /// Waits until every rank has come; refuses with ncclRemoteError after the limit, ncclInvalidUsage when two share a device.
    void gather();
    /// Moves all parcels side by side and returns when every one has arrived. Refuses with ncclRemoteError when a peer left, died,
    /// aborted or does not come, ncclInvalidUsage when its call does not fit.
    void exchange(std::vector<Parcel> &parcels);
    /// Tells the others that this rank takes part no more; whatever waits here ends.
    void leave(bool aborted);
    bool is_aborted() const { return _aborted; }

    static std::string new_name();

private:
    struct Seat;
    struct Mailbox;
    struct Head;

    Seat &seat(int rank) const;
    Mailbox &mailbox(int from, int to) const;
    void require_present(int peer) const;
    bool advance_out(Parcel &parcel, size_t &done, bool &announced);
    bool advance_in(Parcel &parcel, size_t &done, bool &announced);
    void await(const std::function<bool()> &ready, const std::function<std::string()> &what);

    std::string _name;
    int _ranks, _rank;
    std::byte *_memory = nullptr;
    size_t _bytes = 0;
    std::atomic<bool> _aborted{false};
};

} // namespace emu
