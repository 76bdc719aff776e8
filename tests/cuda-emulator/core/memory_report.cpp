// What the emulator says of an address, and of borders that were written.
#include "core/memory_state.h"
#include "core/refusal.h"

namespace emu {

namespace memory {

bool is_reserved(uintptr_t address)
{
    State &own = state();
    std::shared_lock<std::shared_mutex> lock(own.mutex);
    return address >= own.begin && address < own.end;
}

std::string describe(uintptr_t address)
{
    State &own = state();
    std::shared_lock<std::shared_mutex> lock(own.mutex);
    const auto kind = [](const Region &region) {
        return region.module ? format("module's data of device %d", region.device)
            : region.device == kHost ? std::string("page-locked host memory") : format("allocation of device %d", region.device);
    };
    if (const Region *found = locate(own, address)) {
        return format("0x%zx is byte %zu of a %zu-byte %s", address, address - found->base, found->size, kind(*found).c_str());
    }
    // Its own pages and the one beyond them tell of a region's neighbourhood; what lies farther was never near it.
    const auto after = own.regions.upper_bound(address);
    if (after != own.regions.begin()) {
        const Region &before = std::prev(after)->second;
        if (address < before.map + before.mapped + kPage) {
            return format("0x%zx lies %zu bytes past the end of a %zu-byte %s", address, address - before.base - before.size, before.size,
                kind(before).c_str());
        }
    }
    if (after != own.regions.end() && address >= after->second.map - kPage) {
        return format("0x%zx lies %zu bytes before a %zu-byte %s", address, after->first - address, after->second.size, kind(after->second).c_str());
    }
    if (address >= own.begin && address < own.next) {
        return format("0x%zx was device memory once and is freed", address);
    }
    return format("0x%zx is neither device memory nor page-locked host memory", address);
}

std::string damage(const Region &region)
{
    std::string found;
    if (region.device == kHost || region.module) {
        return found;
    }
    visit_borders(region, [&](uintptr_t from, size_t count) {
        const auto *bytes = reinterpret_cast<const unsigned char *>(from);
        for (size_t i = 0; i < count && found.empty(); i++) {
            if (bytes[i] != kBorder) {
                const uintptr_t at = from + i;
                found = at < region.base ? format("a byte %zu before the %zu-byte allocation 0x%zx was written", region.base - at, region.size, region.base)
                                         : format("byte %zu of the %zu-byte allocation 0x%zx was written", at - region.base, region.size, region.base);
            }
        }
    });
    return found;
}

std::string damage_on(int device)
{
    State &own = state();
    std::shared_lock<std::shared_mutex> lock(own.mutex);
    for (const auto &entry : own.regions) {
        if (entry.second.device == device) {
            const std::string found = damage(entry.second);
            if (!found.empty()) {
                return found;
            }
        }
    }
    return {};
}

} // namespace memory

} // namespace emu
