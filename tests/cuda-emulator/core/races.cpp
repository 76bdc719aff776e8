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

Races::Found Races::visit(Byte &byte, const Access &access)
{
    const uint64_t interval = _block << 32 | access.epoch;
    if (byte.interval != interval) {
        byte = {interval, {}, {}};
    }
    const bool excused = access.atomic && byte.writer.atomic;
    if (!excused && conflicts(byte.writer, access.thread, access.event)) {
        return {access.write ? Kind::WriteAfterWrite : Kind::ReadAfterWrite, byte.writer.thread};
    }
    if (access.write && conflicts(byte.reader, access.thread, access.event)) {
        return {Kind::WriteAfterRead, byte.reader.thread};
    }
    if (access.write) {
        byte.writer = {static_cast<uint16_t>(access.thread), false, false, access.atomic, access.event};
        return {};
    }
    Visit &reader = byte.reader;
    if (reader.thread == kNobody) {
        reader = {static_cast<uint16_t>(access.thread), false, false, false, access.event};
    } else if (reader.thread / 32u != access.thread / 32u) {
        reader.many = true;
    } else {
        reader.several = reader.several || reader.thread != access.thread;
        reader.event = access.event > reader.event ? access.event : reader.event;
    }
    return {};
}

Races::Found Races::touch_shared(unsigned offset, const Access &access)
{
    if (_shadow.empty()) {
        _shadow.resize(_bytes);
    }
    for (unsigned i = offset; i < offset + access.size; i++) {
        const Found found = visit(_shadow[i], access);
        if (found.kind != Kind::None) {
            return found;
        }
    }
    return {};
}

Races::Found Races::touch_global(uintptr_t address, const Access &access)
{
    if (_global.empty()) {
        _global.resize(kTagged);
    }
    for (uintptr_t at = address; at < address + access.size; at++) {
        Tagged &slot = _global[(at ^ at >> 18 ^ at >> 36) % kTagged];
        if (slot.address != at) {
            slot = {at, {}};
        }
        const Found found = visit(slot.byte, access);
        if (found.kind != Kind::None) {
            return found;
        }
    }
    return {};
}

} // namespace emu
