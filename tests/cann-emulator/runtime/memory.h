#pragma once
#include <cstddef>
#include <cstdint>

namespace emu {

/// Device memory has addresses of its own: a reserved range that no host code can read or write, so that a host dereference of a
/// device pointer faults. The bytes lie at a fixed distance, where only the emulator looks. Addresses are not used again until the
/// range is used up, so that a pointer to freed memory is recognised.
namespace device_memory {

/// Reserves `size` bytes of `device`. New memory holds NaN patterns, not zeros. Refuses with 207001 when the device is full.
uintptr_t allocate(int device, size_t size);
void release(uintptr_t address);

/// True for any address of the reserved range, live or not.
bool contains(uintptr_t address);

/// True when [address, address + size) lies in one live allocation.
bool is_live(uintptr_t address, size_t size);

/// Refuses with `code` unless [address, address + size) lies in one live allocation of `device` (-1: any). `what` names the bytes.
void check(int device, uintptr_t address, size_t size, int code, const char *what);

/// Base address of the live allocation that holds `address`.
uintptr_t base_of(uintptr_t address);

/// The device that owns a live address, or -1.
int device_of(uintptr_t address);

/// Where the emulator reads and writes the bytes of a device address.
std::byte *bytes(uintptr_t address);

/// Fills live device memory; the caller has checked the range.
void set(uintptr_t address, int value, size_t count);

size_t used(int device);
size_t capacity(int device);
void set_capacity(size_t bytes);
void release_all(int device);

/// Peers whose memory a device may touch.
void set_peer(int device, int peer, bool enabled);
bool is_peer(int device, int peer);

} // namespace device_memory

/// Page-locked host memory: what aclrtMallocHost gave out or aclrtHostRegister announced.
namespace pinned_memory {

void *allocate(size_t size);
void release(void *address);
void announce(void *address, size_t size);
void withdraw(void *address);
bool covers(const void *address, size_t size);

} // namespace pinned_memory

} // namespace emu
