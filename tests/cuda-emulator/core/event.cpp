// Rules: "Event Management" of the driver API reference.
#include "core/event.h"

namespace emu {

Handles<Event> &events()
{
    static auto &all = *new Handles<Event>("event", 4);
    return all;
}

void record_event(const std::shared_ptr<Event> &event, Stream &stream)
{
    if (event->device != stream.device) {
        refuse(CUDA_ERROR_INVALID_HANDLE, "event and stream belong to different devices");
    }
    if (capture_record(stream, *event)) {
        return;
    }
    auto mark = std::make_shared<Mark>();
    stream.submit({CU_GRAPH_NODE_TYPE_EMPTY, "cuEventRecord",
        [mark] {
            mark->time = std::chrono::steady_clock::now();
            mark->done = true;
        },
        nullptr});
    // The legacy stream's tail would submit another wait: the record itself is the last entry here.
    mark->ticket = stream.last();
    std::lock_guard<std::mutex> lock(event->mutex);
    event->mark = mark;
}

void wait_event(Stream &stream, Event &event)
{
    if (capture_wait(stream, event)) {
        return;
    }
    std::shared_ptr<Mark> mark;
    {
        std::lock_guard<std::mutex> lock(event.mutex);
        mark = event.mark;
    }
    if (mark) {
        stream.submit({CU_GRAPH_NODE_TYPE_EMPTY, "cuStreamWaitEvent", nullptr, nullptr}, {mark->ticket});
    }
}

} // namespace emu
