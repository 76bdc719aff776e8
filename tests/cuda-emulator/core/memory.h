#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace emu {

/// Everything that kernels and copies may touch: device memory, page-locked host memory, and the variables of loaded modules.
/// Device memory lies in a reserved range of its own. Every allocation ends at a page that nobody can touch, up to the 255 bytes that
/// keep its beginning aligned; those and the bytes before it hold a pattern that is checked after every kernel. Fresh memory holds
/// 0xFF bytes: NaN in every floating type, -1 in every index. Addresses are not used again, so a pointer to freed memory is recognised.
namespace memory {

constexpr size_t kAlignment = 256; ///< cuMemAlloc: suitably aligned for any type; the programming guide names 256 bytes
constexpr int kHost = -1;

struct Region {
    uintptr_t base = 0;
    size_t size = 0;
    int device = kHost;
    bool module = false;     ///< a variable of a module
    bool registered = false; ///< host memory of the caller's, announced by cuMemHostRegister
    bool pool = false;       ///< from cuMemAllocAsync
    uintptr_t map = 0;       ///< the pages it lies in
    size_t mapped = 0;

    bool holds(uintptr_t address, size_t count) const { return address >= base && count <= size && address - base <= size - count; }
};

/// Reserves `size` bytes on a device. Refuses with CUDA_ERROR_OUT_OF_MEMORY when the device is full.
uintptr_t allocate(int device, size_t size, bool pool);
/// Frees what `allocate` gave; anything but a live base refuses with CUDA_ERROR_INVALID_VALUE.
void release(uintptr_t base);

uintptr_t allocate_host(size_t size);
void release_host(uintptr_t base);
void announce(uintptr_t base, size_t size);
void withdraw(uintptr_t base);
void add_module(uintptr_t base, size_t size, int device);
void remove_module(uintptr_t base);

/// The live region that holds the address; false when there is none.
bool find(uintptr_t address, Region &region);
/// Whether the address lies in the range that device memory is given from, live or not.
bool is_reserved(uintptr_t address);
/// Grows with every change: a copy of a region is good as long as this stays.
uint64_t generation();

/// Refuses with `code` unless all bytes lie in one live region that `device` may touch. `what` names them.
Region check(int device, uintptr_t address, size_t count, int code, const char *what);
/// "0x... lies 16 bytes past the end of the 1024-byte allocation 0x... of device 0".
std::string describe(uintptr_t address);
/// The sentence of the first damaged border of this region; empty when they are whole.
std::string damage(const Region &region);
/// The same for all regions of a device.
std::string damage_on(int device);

void set_peer(int device, int peer, bool enabled);
bool is_peer(int device, int peer);

size_t used(int device);
size_t capacity();
void set_capacity(size_t bytes);
void release_all(int device);

} // namespace memory

} // namespace emu
