#include "core/memory_state.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/profile.h"
#include "core/refusal.h"

namespace emu {

namespace memory {

namespace {

constexpr size_t kEager = size_t{8} << 20;      ///< larger allocations get their pattern page by page
constexpr size_t kPatternFile = size_t{64} << 20;
constexpr unsigned char kFresh = 0xFF;

constexpr size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/// Address space for every allocation this process will make; none of it is memory yet.
void reserve(State &own)
{
    if (own.end != 0) {
        return;
    }
    for (size_t size = size_t{16} << 40; size >= (size_t{1} << 36); size /= 2) {
        void *range = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range != MAP_FAILED) {
            own.begin = reinterpret_cast<uintptr_t>(range);
            own.next = own.begin + kPage;
            own.end = reinterpret_cast<uintptr_t>(range) + size;
            return;
        }
    }
    refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host grants no address range for device memory");
}

int pattern_file(State &own)
{
    if (own.pattern >= 0) {
        return own.pattern;
    }
    own.pattern = memfd_create("cuda-emulator-pattern", MFD_CLOEXEC);
    if (own.pattern < 0 || ftruncate(own.pattern, kPatternFile) != 0) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host grants no file for the pattern of fresh memory");
    }
    void *bytes = mmap(nullptr, kPatternFile, PROT_WRITE, MAP_SHARED, own.pattern, 0);
    if (bytes == MAP_FAILED) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the pattern of fresh memory cannot be mapped");
    }
    std::memset(bytes, kFresh, kPatternFile);
    munmap(bytes, kPatternFile);
    return own.pattern;
}

void map_at(uintptr_t address, size_t size, int file)
{
    const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (file < 0 ? MAP_ANONYMOUS : 0);
    if (mmap(reinterpret_cast<void *>(address), size, PROT_READ | PROT_WRITE, flags, file, 0) == MAP_FAILED) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host cannot map %zu bytes of device memory", size);
    }
}

/// Maps fresh memory: small pieces are filled, large ones share one file of the pattern until they are written.
void map_fresh(State &own, uintptr_t address, size_t size)
{
    if (size <= kEager) {
        map_at(address, size, -1);
        std::memset(reinterpret_cast<void *>(address), kFresh, size);
        return;
    }
    const int file = pattern_file(own);
    for (size_t done = 0; done < size; done += kPatternFile) {
        map_at(address + done, std::min(kPatternFile, size - done), file);
    }
}

/// Unmaps device memory and keeps its addresses unusable.
void unmap(State &own, const Region &region)
{
    mmap(reinterpret_cast<void *>(region.map), region.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    own.used[region.device] -= region.size;
    own.regions.erase(region.base);
    own.generation++;
}

bool reachable(State &own, const Region &region, int device)
{
    return region.device == kHost || region.device == device || own.peers.count({device, region.device}) != 0;
}

} // namespace

State &state()
{
    static State &only = *new State;
    return only;
}

uintptr_t allocate(int device, size_t size, bool pool)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    const size_t limit = own.capacity != 0 ? own.capacity : profile().memory;
    if (size > limit || own.used[device] > limit - size) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "device %d holds %zu of %zu bytes, %zu more do not fit", device, own.used[device], limit, size);
    }
    reserve(own);
    Region region;
    region.mapped = round_up(round_up(size, kAlignment), kPage);
    if (region.mapped + kPage > own.end - own.next) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the emulator's addresses are used up: they are not given twice");
    }
    region.map = own.next;
    region.base = region.map + region.mapped - round_up(size, kAlignment);
    region.size = size;
    region.device = device;
    region.pool = pool;
    map_fresh(own, region.map, region.mapped);
    visit_borders(region, [](uintptr_t from, size_t count) { std::memset(reinterpret_cast<void *>(from), kBorder, count); });
    own.next += region.mapped + kPage;
    own.used[device] += size;
    own.regions[region.base] = region;
    own.generation++;
    return region.base;
}

void release(uintptr_t base)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    const auto found = own.regions.find(base);
    if (found == own.regions.end() || found->second.device == kHost || found->second.module) {
        lock.unlock();
        refuse(CUDA_ERROR_INVALID_VALUE, "0x%zx is no live base of device memory: %s", base, describe(base).c_str());
    }
    unmap(own, Region(found->second));
}

uintptr_t allocate_host(size_t size)
{
    State &own = state();
    const size_t mapped = round_up(size, kPage) + kPage;
    void *range = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host cannot lock %zu bytes", size);
    }
    Region region;
    region.map = region.base = reinterpret_cast<uintptr_t>(range);
    region.mapped = mapped;
    region.size = size;
    if (size <= kEager) {
        std::memset(range, kFresh, size);
    }
    mprotect(reinterpret_cast<void *>(region.map + mapped - kPage), kPage, PROT_NONE);
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    own.regions[region.base] = region;
    own.generation++;
    return region.base;
}

void release_host(uintptr_t base)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    const auto found = own.regions.find(base);
    if (found == own.regions.end() || found->second.device != kHost || found->second.registered || found->second.module) {
        refuse(CUDA_ERROR_INVALID_VALUE, "0x%zx is no base of page-locked host memory", base);
    }
    munmap(reinterpret_cast<void *>(found->second.map), found->second.mapped);
    own.regions.erase(found);
    own.generation++;
}

void announce(uintptr_t base, size_t size)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    const auto after = own.regions.lower_bound(base);
    if (locate(own, base) != nullptr || (after != own.regions.end() && after->first < base + size)) {
        refuse(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "0x%zx: some of the %zu bytes are page-locked or device memory", base, size);
    }
    Region region;
    region.base = region.map = base;
    region.size = region.mapped = size;
    region.registered = true;
    own.regions[base] = region;
    own.generation++;
}

void withdraw(uintptr_t base)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    const auto found = own.regions.find(base);
    if (found == own.regions.end() || !found->second.registered) {
        refuse(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "0x%zx was not registered", base);
    }
    own.regions.erase(found);
    own.generation++;
}

void add_module(uintptr_t base, size_t size, int device)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    Region region;
    region.base = region.map = base;
    region.size = region.mapped = size;
    region.device = device;
    region.module = true;
    own.regions[base] = region;
    own.generation++;
}

void remove_module(uintptr_t base)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    own.regions.erase(base);
    own.generation++;
}

bool find(uintptr_t address, Region &region)
{
    State &own = state();
    std::shared_lock<std::shared_mutex> lock(own.mutex);
    const Region *found = locate(own, address);
    if (found == nullptr) {
        return false;
    }
    region = *found;
    return true;
}

uint64_t generation()
{
    return state().generation.load(std::memory_order_acquire);
}

Region check(int device, uintptr_t address, size_t count, int code, const char *what)
{
    State &own = state();
    {
        std::shared_lock<std::shared_mutex> lock(own.mutex);
        const Region *found = locate(own, address);
        if (found != nullptr && found->holds(address, count) && reachable(own, *found, device)) {
            return *found;
        }
    }
    refuse(code, "%s, %zu bytes from 0x%zx on, used by device %d: %s", what, count, address, device, describe(address).c_str());
}

void set_peer(int device, int peer, bool enabled)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    if (enabled) {
        own.peers.insert({device, peer});
    } else {
        own.peers.erase({device, peer});
    }
    own.generation++;
}

bool is_peer(int device, int peer)
{
    State &own = state();
    std::shared_lock<std::shared_mutex> lock(own.mutex);
    return own.peers.count({device, peer}) != 0;
}

size_t used(int device)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    return own.used[device];
}

size_t capacity()
{
    return state().capacity != 0 ? state().capacity : profile().memory;
}

void set_capacity(size_t bytes)
{
    state().capacity = bytes;
}

void release_all(int device)
{
    State &own = state();
    std::unique_lock<std::shared_mutex> lock(own.mutex);
    for (auto entry = own.regions.begin(); entry != own.regions.end();) {
        const Region region = (entry++)->second;
        if (region.device == device && !region.module) {
            unmap(own, region);
        }
    }
}

} // namespace memory

} // namespace emu
