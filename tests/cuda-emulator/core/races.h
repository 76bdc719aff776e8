#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace emu {

/// Who in a block touched each byte of shared memory, and of the global memory it used last, since the last barrier. Two threads may meet at a byte, one of them writing, only with a
/// __syncthreads between them, or a __syncwarp where they share a warp. Shuffles and votes order no memory, as the guide says.
class Races {
public:
    explicit Races(unsigned bytes) : _bytes(bytes) {}

    enum class Kind { None, ReadAfterWrite, WriteAfterRead, WriteAfterWrite };
    struct Found {
        Kind kind = Kind::None;
        unsigned other = 0; ///< linear index of the thread that was there before
    };

    void begin_block() { _block++; }

    /// One thread's access; `epoch` counts the barriers it passed, `event` is the last __syncwarp it took part in.
    struct Access {
        unsigned size, thread, epoch, event;
        bool write, atomic;
    };

    Found touch_shared(unsigned offset, const Access &access);
    /// Global memory shares a table: bytes that fall together push each other out, so a race may be missed, never invented.
    Found touch_global(uintptr_t address, const Access &access);

private:
    static constexpr uint16_t kNobody = 0xFFFF;

    struct Visit {
        uint16_t thread = kNobody;
        bool several = false; ///< more than one thread of the same warp
        bool many = false;    ///< threads of several warps
        bool atomic = false;
        unsigned event = 0;
    };
    struct Byte {
        uint64_t interval = 0; ///< block and epoch that the visits belong to
        Visit writer, reader;
    };

    struct Tagged {
        uintptr_t address = 0;
        Byte byte;
    };
    static constexpr size_t kTagged = size_t{1} << 18;

    static bool conflicts(const Visit &before, unsigned thread, unsigned event);
    Found visit(Byte &byte, const Access &access);

    unsigned _bytes;
    uint64_t _block = 0;
    std::vector<Byte> _shadow; ///< made when the first kernel is checked
    std::vector<Tagged> _global;
};

} // namespace emu
