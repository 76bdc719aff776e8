#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// What the ranks of one collective must agree on.
struct Agreement {
    uint32_t kind;
    uint32_t type;
    uint32_t operation;
    uint32_t root;
    uint64_t count;
};

/// A rank's view of a group of ranks: threads of one process or of several, meeting in named shared memory.
class Group {
public:
    /// Joins; waits `milliseconds` for the others unless that is 0. Refuses with HCCL codes.
    Group(const std::string &name, uint32_t ranks, uint32_t rank, int device, int milliseconds);
    ~Group();
    Group(const Group &) = delete;
    Group &operator=(const Group &) = delete;

    uint32_t ranks() const { return _ranks; }
    uint32_t rank() const { return _rank; }

    /// Every rank's bytes, by rank. Blocks until all have come; refuses with 107020 after `milliseconds`, with 507015 when they disagree.
    std::vector<std::vector<std::byte>> exchange(const Agreement &agreement, const std::byte *bytes, size_t size, int milliseconds);

    static std::string new_name();

private:
    struct Seat;
    struct Room;

    Seat &seat(uint32_t rank) const;
    std::byte *buffer(uint32_t rank) const;
    template <class Ready>
    void await(int milliseconds, const char *what, Ready ready) const;

    std::string _name;
    uint32_t _ranks;
    uint32_t _rank;
    uint64_t _round = 0;
    Room *_room = nullptr;
    size_t _bytes = 0;
};

} // namespace emu
