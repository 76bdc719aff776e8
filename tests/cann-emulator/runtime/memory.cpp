// Rules: aclrtMalloc, aclrtFree, aclrtMallocHost, aclrtHostRegister in the runtime's API reference, "memory management".
#include "runtime/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "runtime/codes.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

constexpr size_t kRange = size_t{16} << 40;
constexpr size_t kPage = size_t{2} << 20;
constexpr size_t kPoisonAll = size_t{8} << 20;
constexpr size_t kPoisonEdge = size_t{64} << 10;
constexpr int kPoison = 0xFF; // NaN in every floating type, -1 in the signed ones

struct Allocation {
    size_t size;
    size_t reserved;
    int device;
};

// Never destroyed: stream threads may outlive the statics of a process that ends.
std::mutex &g_mutex = *new std::mutex;
std::map<uintptr_t, Allocation> &g_live = *new std::map<uintptr_t, Allocation>;
std::map<int, size_t> &g_used = *new std::map<int, size_t>;
std::set<std::pair<int, int>> &g_peers = *new std::set<std::pair<int, int>>;
uintptr_t g_base = 0;
ptrdiff_t g_distance = 0;
uintptr_t g_next = 0;
size_t g_capacity = 0;

void reserve_ranges()
{
    if (g_base != 0) {
        return;
    }
    void *seen = mmap(nullptr, kRange, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *held = mmap(nullptr, kRange, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (seen == MAP_FAILED || held == MAP_FAILED) {
        refuse(kRtMemoryAllocation, "this machine gives no %zu TiB of address space for device memory", kRange >> 40);
    }
    madvise(held, kRange, MADV_DONTDUMP);
    g_base = (reinterpret_cast<uintptr_t>(seen) + kPage) & ~(kPage - 1);
    g_distance = static_cast<ptrdiff_t>(reinterpret_cast<uintptr_t>(held) - reinterpret_cast<uintptr_t>(seen));
    g_next = g_base;
}

/// The live allocation that holds the address, or the end.
std::map<uintptr_t, Allocation>::iterator holder(uintptr_t address)
{
    auto after = g_live.upper_bound(address);
    if (after == g_live.begin()) {
        return g_live.end();
    }
    --after;
    return address < after->first + after->second.size ? after : g_live.end();
}

uintptr_t place(size_t reserved)
{
    uintptr_t address = g_next;
    for (bool wrapped = false;; wrapped = true) {
        if (address + reserved + 2 * kPage > g_base + kRange) {
            if (wrapped) {
                refuse(kRtMemoryAllocation, "the emulator's address range is used up");
            }
            address = g_base;
            continue;
        }
        auto overlapping = g_live.lower_bound(address > kPage ? address - kPage : 0);
        while (overlapping != g_live.end() && overlapping->first + overlapping->second.reserved <= address) {
            ++overlapping;
        }
        if (overlapping == g_live.end() || overlapping->first >= address + reserved) {
            g_next = address + reserved + kPage;
            return address;
        }
        address = overlapping->first + overlapping->second.reserved + kPage;
        wrapped = false;
    }
}

std::byte *shadow(uintptr_t address)
{
    return reinterpret_cast<std::byte *>(address + static_cast<uintptr_t>(g_distance));
}

} // namespace

namespace device_memory {

uintptr_t allocate(int device, size_t size)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    reserve_ranges();
    if (g_used[device] + size > capacity(device)) {
        refuse(kRtMemoryAllocation, "device %d has %zu of %zu bytes in use, %zu more were asked for", device, g_used[device], capacity(device), size);
    }
    // Rounded up to 32 bytes plus 32, as the reference says of A2 and A3; reserved in whole host pages.
    const size_t padded = (size + 31) / 32 * 32 + 32;
    const size_t reserved = (padded + 4095) / 4096 * 4096;
    const uintptr_t address = place(reserved);
    if (size <= kPoisonAll) {
        std::memset(shadow(address), kPoison, size);
    } else {
        std::memset(shadow(address), kPoison, kPoisonEdge);
        std::memset(shadow(address) + size - kPoisonEdge, kPoison, kPoisonEdge);
    }
    g_live[address] = {size, reserved, device};
    g_used[device] += size;
    return address;
}

void release(uintptr_t address)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    const auto found = g_live.find(address);
    if (found == g_live.end()) {
        refuse(kRtParameter, "0x%zx is not the start of live device memory: freed twice, or never allocated by aclrtMalloc", address);
    }
    // The pages go, the mapping stays: a kernel that is still running on freed memory reads zeros, and the check before the next one refuses.
    madvise(shadow(address), found->second.reserved, MADV_DONTNEED);
    g_used[found->second.device] -= found->second.size;
    g_live.erase(found);
}

bool contains(uintptr_t address)
{
    return g_base != 0 && address >= g_base && address < g_base + kRange - kPage; // the base was rounded up by less than a page
}

bool is_live(uintptr_t address, size_t size)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    const auto found = holder(address);
    return found != g_live.end() && address + size <= found->first + found->second.size;
}

void check(int device, uintptr_t address, size_t size, int code, const char *what)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    const auto found = holder(address);
    if (found == g_live.end()) {
        refuse(code, "%s at 0x%zx is in no live device memory (%s)", what, address, contains(address) ? "freed, or past an end" : "a host address");
    }
    if (address + size > found->first + found->second.size) {
        refuse(code, "%s needs %zu bytes at 0x%zx, the allocation ends after %zu", what, size, address, found->first + found->second.size - address);
    }
    const int owner = found->second.device;
    if (device >= 0 && owner != device && g_peers.count({device, owner}) == 0) {
        refuse(code, "%s at 0x%zx belongs to device %d, the call runs on device %d without peer access", what, address, owner, device);
    }
}

uintptr_t base_of(uintptr_t address)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    const auto found = holder(address);
    return found == g_live.end() ? 0 : found->first;
}

int device_of(uintptr_t address)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    const auto found = holder(address);
    return found == g_live.end() ? -1 : found->second.device;
}

std::byte *bytes(uintptr_t address)
{
    return shadow(address);
}

void set(uintptr_t address, int value, size_t count)
{
    std::byte *first = shadow(address);
    constexpr size_t kHostPage = 4096;
    if (value != 0 || count < (size_t{4} << 20)) {
        std::memset(first, value, count);
        return;
    }
    // Whole pages of zeros are handed back to the host, so that clearing a cache of gigabytes costs nothing.
    std::byte *page = reinterpret_cast<std::byte *>((reinterpret_cast<uintptr_t>(first) + kHostPage - 1) & ~(kHostPage - 1));
    std::byte *end = reinterpret_cast<std::byte *>(reinterpret_cast<uintptr_t>(first + count) & ~(kHostPage - 1));
    std::memset(first, 0, static_cast<size_t>(page - first));
    madvise(page, static_cast<size_t>(end - page), MADV_DONTNEED);
    std::memset(end, 0, static_cast<size_t>(first + count - end));
}

size_t used(int device)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    return g_used[device];
}

size_t capacity(int)
{
    return g_capacity != 0 ? g_capacity : profile().hbmBytes;
}

void set_capacity(size_t bytes)
{
    g_capacity = bytes;
}

void release_all(int device)
{
    std::vector<uintptr_t> addresses;
    {
        std::lock_guard<std::mutex> lock(g_mutex);
        for (const auto &entry : g_live) {
            if (entry.second.device == device) {
                addresses.push_back(entry.first);
            }
        }
    }
    for (const uintptr_t address : addresses) {
        release(address);
    }
}

void set_peer(int device, int peer, bool enabled)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    if (enabled) {
        g_peers.insert({device, peer});
    } else {
        g_peers.erase({device, peer});
    }
}

bool is_peer(int device, int peer)
{
    std::lock_guard<std::mutex> lock(g_mutex);
    return g_peers.count({device, peer}) != 0;
}

} // namespace device_memory

namespace pinned_memory {

namespace {

std::mutex &g_pinnedMutex = *new std::mutex;
std::map<uintptr_t, size_t> &g_allocated = *new std::map<uintptr_t, size_t>;
std::map<uintptr_t, size_t> &g_announced = *new std::map<uintptr_t, size_t>;

size_t whole_pages(size_t size)
{
    return (size + 4095) / 4096 * 4096;
}

bool within(const std::map<uintptr_t, size_t> &ranges, uintptr_t address, size_t size)
{
    auto after = ranges.upper_bound(address);
    if (after == ranges.begin()) {
        return false;
    }
    --after;
    return address + size <= after->first + after->second;
}

} // namespace

void *allocate(size_t size)
{
    void *address = mmap(nullptr, whole_pages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) {
        refuse(kRtMemoryAllocation, "the host gives no %zu bytes of page-locked memory", size);
    }
    std::lock_guard<std::mutex> lock(g_pinnedMutex);
    g_allocated[reinterpret_cast<uintptr_t>(address)] = size;
    return address;
}

void release(void *address)
{
    std::lock_guard<std::mutex> lock(g_pinnedMutex);
    const auto found = g_allocated.find(reinterpret_cast<uintptr_t>(address));
    if (found == g_allocated.end()) {
        refuse(kRtParameter, "%p was not given by aclrtMallocHost, or is freed already", address);
    }
    munmap(address, whole_pages(found->second));
    g_allocated.erase(found);
}

void announce(void *address, size_t size)
{
    std::lock_guard<std::mutex> lock(g_pinnedMutex);
    g_announced[reinterpret_cast<uintptr_t>(address)] = size;
}

void withdraw(void *address)
{
    std::lock_guard<std::mutex> lock(g_pinnedMutex);
    if (g_announced.erase(reinterpret_cast<uintptr_t>(address)) == 0) {
        refuse(kRtParameter, "%p is not registered", address);
    }
}

bool covers(const void *address, size_t size)
{
    std::lock_guard<std::mutex> lock(g_pinnedMutex);
    const uintptr_t start = reinterpret_cast<uintptr_t>(address);
    return within(g_allocated, start, size) || within(g_announced, start, size);
}

} // namespace pinned_memory

} // namespace emu
