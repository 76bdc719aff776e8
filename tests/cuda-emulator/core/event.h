#pragma once
#include <chrono>

#include "core/capture.h"
#include "core/stream.h"

namespace emu {

/// What one record left on its stream.
struct Mark {
    Ticket ticket;
    std::atomic<bool> done{false};
    std::chrono::steady_clock::time_point time;
};

struct Event {
    unsigned flags = 0;
    std::shared_ptr<Device> device;
    std::mutex mutex;
    std::shared_ptr<Mark> mark;    ///< of the last record outside of a capture; null before the first
    std::weak_ptr<Capture> capture; ///< where the last record happened inside of one
    bool captured = false;
    std::vector<size_t> nodes;     ///< what the recording stream had captured last

    bool has_timing() const { return (flags & 2) == 0; }
};

Handles<Event> &events();

void record_event(const std::shared_ptr<Event> &event, Stream &stream);
void wait_event(Stream &stream, Event &event);

} // namespace emu
