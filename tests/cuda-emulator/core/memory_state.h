#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "core/memory.h"

namespace emu {

namespace memory {

constexpr size_t kPage = 4096;
constexpr unsigned char kBorder = 0xFD; ///< what fills a region's pages around it

struct State {
    std::shared_mutex mutex;
    std::map<uintptr_t, Region> regions;
    std::map<int, size_t> used;
    std::set<std::pair<int, int>> peers;
    std::atomic<uint64_t> generation{1};
    uintptr_t begin = 0; ///< of the reserved range
    uintptr_t next = 0;
    uintptr_t end = 0;
    size_t capacity = 0;
    int pattern = -1;
};

/// Never destroyed: stream threads free memory while the process ends.
State &state();

/// The bytes of a region's pages that lie outside of it.
template <class Visit>
void visit_borders(const Region &region, Visit visit)
{
    visit(region.map, region.base - region.map);
    visit(region.base + region.size, region.map + region.mapped - (region.base + region.size));
}

/// The region that holds the address, or null; the caller holds the lock.
inline Region *locate(State &own, uintptr_t address)
{
    auto found = own.regions.upper_bound(address);
    if (found == own.regions.begin()) {
        return nullptr;
    }
    Region &region = std::prev(found)->second;
    return address - region.base < std::max<size_t>(region.size, 1) ? &region : nullptr;
}

} // namespace memory

} // namespace emu
