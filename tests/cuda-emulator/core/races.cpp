#include "core/races.h"

namespace emu {

bool Races::conflicts(const Visit &before, unsigned thread, unsigned event)
{
    if (before.thread == kNobody) {
        return false;
    }
    if (before.thread == thread && !before.several && !before.many) {
        return false;
    }
    // Lanes of one warp are in order where a __syncwarp came between.
    return before.many || before.thread / 32u != thread / 32u || before.event >= event;
}

Races::Found Races::touch(unsigned offset, unsigned size, unsigned thread, unsigned epoch, unsigned event, bool write, bool atomic)
{
    if (_shadow.empty()) {
        _shadow.resize(_bytes);
    }
    const uint64_t interval = _block << 32 | epoch;
    for (unsigned i = offset; i < offset + size; i++) {
        Byte &byte = _shadow[i];
        if (byte.interval != interval) {
            byte = {interval, {}, {}};
        }
        const bool excused = atomic && byte.writer.atomic;
        if (!excused && conflicts(byte.writer, thread, event)) {
            return {write ? Kind::WriteAfterWrite : Kind::ReadAfterWrite, byte.writer.thread};
        }
        if (write && conflicts(byte.reader, thread, event)) {
            return {Kind::WriteAfterRead, byte.reader.thread};
        }
        if (write) {
            byte.writer = {static_cast<uint16_t>(thread), false, false, atomic, event};
            continue;
        }
        Visit &reader = byte.reader;
        if (reader.thread == kNobody) {
            reader = {static_cast<uint16_t>(thread), false, false, false, event};
        } else if (reader.thread / 32u != thread / 32u) {
            reader.many = true;
        } else {
            reader.several = reader.several || reader.thread != thread;
            reader.event = event > reader.event ? event : reader.event;
        }
    }
    return {};
}

} // namespace emu
