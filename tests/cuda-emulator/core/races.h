#pragma once
#include <cstdint>
#include <vector>

namespace emu {

/// Who touched each byte of shared memory since the last barrier. Two threads may meet at a byte, one of them writing, only with a
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
    Found touch(unsigned offset, unsigned size, unsigned thread, unsigned epoch, unsigned event, bool write, bool atomic);

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

    static bool conflicts(const Visit &before, unsigned thread, unsigned event);

    unsigned _bytes;
    uint64_t _block = 0;
    std::vector<Byte> _shadow; ///< made when the first kernel is checked
};

} // namespace emu
