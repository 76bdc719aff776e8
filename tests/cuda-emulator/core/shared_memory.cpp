#include "core/shared_memory.h"

#include <sys/mman.h>

#include <cstring>

#include "core/refusal.h"

namespace emu {

namespace {

constexpr unsigned kPage = 4096;
constexpr unsigned kAlignment = 1024; ///< of dynamic shared memory: what the widest user of it asks for
constexpr unsigned kBorder = 32;
constexpr unsigned char kFresh = 0xFF;
constexpr unsigned char kMark = 0xFD;

} // namespace

SharedMemory::SharedMemory()
{
    _mapping = mmap(nullptr, kBytes + 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (_mapping == MAP_FAILED) {
        refuse(CUDA_ERROR_OUT_OF_MEMORY, "the host grants no shared memory");
    }
    _base = reinterpret_cast<uintptr_t>(_mapping) + kPage;
    mprotect(_mapping, kPage, PROT_NONE);
    mprotect(reinterpret_cast<void *>(_base + kBytes), kPage, PROT_NONE);
}

SharedMemory::~SharedMemory()
{
    munmap(_mapping, kBytes + 2 * kPage);
}

void SharedMemory::begin_block(unsigned dynamicBytes)
{
    const unsigned rounded = (dynamicBytes + kAlignment - 1) / kAlignment * kAlignment;
    _block++;
    _used = kBorder;
    _static = 0;
    _placed.clear();
    _dynamicBytes = dynamicBytes;
    _dynamic = reinterpret_cast<unsigned char *>(_base + kBytes - rounded);
    std::memset(_dynamic - kBorder, kMark, kBorder);
    std::memset(_dynamic, kFresh, dynamicBytes);
    std::memset(_dynamic + dynamicBytes, kMark, rounded - dynamicBytes);
    std::memset(reinterpret_cast<void *>(_base), kMark, kBorder);
}

unsigned char *SharedMemory::variable(unsigned slot, unsigned size, unsigned alignment, const char *name)
{
    if (slot >= _slots.size()) {
        _slots.resize(slot + 1);
    }
    Variable &variable = _slots[slot];
    auto *base = reinterpret_cast<unsigned char *>(_base);
    if (variable.block == _block) {
        return base + variable.offset;
    }
    const unsigned unit = alignment < 16 ? 16 : alignment;
    const unsigned offset = (_used + unit - 1) / unit * unit;
    if (size > kStaticLimit || _static + size > kStaticLimit || offset + size + kBorder > kStaticRoom) {
        _static += size;
        return nullptr;
    }
    variable = {offset, size, name, _block};
    std::memset(base + _used, kMark, offset - _used);
    std::memset(base + offset, kFresh, size);
    std::memset(base + offset + size, kMark, kBorder);
    _used = offset + size + kBorder;
    _static += size;
    _placed.push_back(slot);
    return base + offset;
}

const char *SharedMemory::name_of(uintptr_t address, unsigned size) const
{
    const auto dynamic = reinterpret_cast<uintptr_t>(_dynamic);
    if (address >= dynamic) {
        return address + size <= dynamic + _dynamicBytes ? "dynamic shared memory" : nullptr;
    }
    for (const unsigned slot : _placed) {
        const Variable &variable = _slots[slot];
        const uintptr_t begin = _base + variable.offset;
        if (address >= begin && address + size <= begin + variable.size) {
            return variable.name;
        }
    }
    return nullptr;
}

std::string SharedMemory::damage() const
{
    const auto *base = reinterpret_cast<const unsigned char *>(_base);
    const auto written = [](const unsigned char *from, const unsigned char *to) {
        for (; from < to; from++) {
            if (*from != kMark) {
                return true;
            }
        }
        return false;
    };
    unsigned end = 0;
    for (const unsigned slot : _placed) {
        const Variable &variable = _slots[slot];
        if (written(base + end, base + variable.offset)) {
            return format("bytes before the shared variable %s were written", variable.name);
        }
        end = variable.offset + variable.size;
        if (written(base + end, base + end + kBorder)) {
            return format("bytes past the end of the shared variable %s (%u bytes) were written", variable.name, variable.size);
        }
    }
    if (written(_dynamic - kBorder, _dynamic)) {
        return "bytes before the dynamic shared memory were written";
    }
    if (written(_dynamic + _dynamicBytes, base + kBytes)) {
        return format("bytes past the end of the %u bytes of dynamic shared memory were written", _dynamicBytes);
    }
    return {};
}

} // namespace emu
