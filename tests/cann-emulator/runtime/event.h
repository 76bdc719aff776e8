#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>

#include "runtime/handles.h"
#include "runtime/stream.h"

namespace emu {

/// Records are numbered; a wait remembers the number it saw, so that later records do not disturb it.
struct Event {
    uint32_t flags = 0;
    bool extended = false; ///< from aclrtCreateEventExWithFlag
    uint32_t id = 0;
    std::shared_ptr<Device> device;

    std::mutex mutex;
    std::condition_variable changed;
    uint64_t recorded = 0;
    uint64_t completed = 0;
    uint64_t nanoseconds = 0;
    std::weak_ptr<Stream> recorder;

    std::weak_ptr<Capture> capture; ///< the capture that recorded it last, while that lasts
    size_t node = 0;                ///< its position in the graph; kNoNode when nothing preceded it

    void complete(uint64_t number);
    /// Waits for a record. False after `milliseconds` (-1: for ever), or when the device's epoch passed `epoch`.
    bool await(uint64_t number, int milliseconds, uint64_t epoch);
};

Handles<Event> &events();

} // namespace emu
