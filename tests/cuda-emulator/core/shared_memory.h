#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// One block's shared memory: the variables in the order in which threads come past their declarations, each between borders, and the
/// dynamic part, which ends at a page that nobody can touch. All of it holds 0xFF bytes when the block begins.
class SharedMemory {
public:
    SharedMemory();
    ~SharedMemory();
    SharedMemory(const SharedMemory &) = delete;
    SharedMemory &operator=(const SharedMemory &) = delete;

    void begin_block(unsigned dynamicBytes);
    /// The variable's storage in this block; null when static shared memory is used up.
    unsigned char *variable(unsigned slot, unsigned size, unsigned alignment, const char *name);
    unsigned char *dynamic() const { return _dynamic; }
    unsigned static_bytes() const { return _static; }

    bool contains(uintptr_t address) const { return address >= _base && address < _base + kBytes; }
    /// The name of the variable that holds all of these bytes; null when none does.
    const char *name_of(uintptr_t address, unsigned size) const;
    /// The sentence of a border that was written, or empty.
    std::string damage() const;
    uintptr_t base() const { return _base; }

    static constexpr unsigned kStaticLimit = 48 << 10;       ///< what ptxas allows without dynamic shared memory
    static constexpr unsigned kDynamicLimit = 227 << 10;     ///< compute capability 9.0 and 10.0
    static constexpr unsigned kStaticRoom = 128 << 10;       ///< with borders
    static constexpr unsigned kDynamicRoom = 232 << 10;
    static constexpr unsigned kBytes = kStaticRoom + kDynamicRoom;

private:
    struct Variable {
        unsigned offset = 0;
        unsigned size = 0;
        const char *name = nullptr;
        unsigned block = 0; ///< the block it was placed for
    };

    void *_mapping = nullptr;
    uintptr_t _base = 0;
    unsigned char *_dynamic = nullptr;
    unsigned _dynamicBytes = 0;
    unsigned _block = 0;
    unsigned _used = 0;
    unsigned _static = 0;
    std::vector<Variable> _slots;
    std::vector<unsigned> _placed;
};

} // namespace emu
