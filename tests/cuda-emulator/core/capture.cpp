// Rules: "Stream Management" (cuStreamBeginCapture_v2, cuStreamEndCapture, cuThreadExchangeStreamCaptureMode) of the driver API reference
// and "Creating a Graph Using Stream Capture" of the CUDA C++ programming guide.
#include "core/capture.h"

#include <algorithm>

#include "core/event.h"

namespace emu {

namespace {

std::vector<std::weak_ptr<Capture>> &open_captures()
{
    static auto &all = *new std::vector<std::weak_ptr<Capture>>;
    return all;
}

std::vector<std::shared_ptr<Capture>> active_captures()
{
    std::vector<std::shared_ptr<Capture>> active;
    std::vector<std::weak_ptr<Capture>> kept;
    for (const std::weak_ptr<Capture> &weak : open_captures()) {
        if (std::shared_ptr<Capture> capture = weak.lock(); capture && capture->active) {
            active.push_back(capture);
            kept.push_back(weak);
        }
    }
    open_captures() = kept;
    return active;
}

/// True when every node lies before what the origin captured last.
bool is_joined(Capture &capture)
{
    std::vector<bool> reached(capture.nodes.size(), false);
    const std::set<size_t> &tail = capture.tails[capture.origin];
    std::vector<size_t> open(tail.begin(), tail.end());
    size_t count = 0;
    while (!open.empty()) {
        const size_t node = open.back();
        open.pop_back();
        if (!reached[node]) {
            reached[node] = true;
            count++;
            open.insert(open.end(), capture.nodes[node].after.begin(), capture.nodes[node].after.end());
        }
    }
    return count == capture.nodes.size();
}

void require_unbroken(const Capture &capture)
{
    if (capture.broken) {
        refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "an earlier call made this capture invalid");
    }
}

} // namespace

std::recursive_mutex &capture_mutex()
{
    static auto &only = *new std::recursive_mutex;
    return only;
}

CUstreamCaptureMode &thread_capture_mode()
{
    thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
    return mode;
}

void begin_capture(Stream &stream, CUstreamCaptureMode mode)
{
    static uint64_t next = 1;
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (stream.kind == StreamKind::Legacy) {
        refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the legacy stream cannot be captured");
    }
    if (stream.capture) {
        refuse(CUDA_ERROR_ILLEGAL_STATE, "the stream captures already");
    }
    auto capture = std::make_shared<Capture>();
    capture->origin = &stream;
    capture->context = stream.context.lock();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->tails[&stream] = {};
    capture->id = next++;
    stream.capture = capture;
    open_captures().push_back(capture);
}

std::shared_ptr<Graph> end_capture(Stream &stream)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const std::shared_ptr<Capture> capture = stream.capture;
    if (!capture) {
        refuse(CUDA_ERROR_ILLEGAL_STATE, "the stream does not capture");
    }
    if (capture->origin != &stream) {
        refuse(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "the capture began on another stream");
    }
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
        refuse(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the capture began on another thread, and not in relaxed mode");
    }
    capture->active = false;
    for (const auto &entry : capture->tails) {
        entry.first->capture.reset();
    }
    require_unbroken(*capture);
    if (!is_joined(*capture)) {
        refuse(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "work of a side stream is not joined to the stream where the capture began");
    }
    auto graph = std::make_shared<Graph>();
    graph->nodes = std::make_shared<std::vector<GraphNode>>(std::move(capture->nodes));
    graph->context = capture->context;
    return graph;
}

CUstreamCaptureStatus capture_status(const Stream &stream, uint64_t *id)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream.capture) {
        return CU_STREAM_CAPTURE_STATUS_NONE;
    }
    if (id != nullptr) {
        *id = stream.capture->id;
    }
    return stream.capture->broken ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
}

void leave_capture(Stream &stream)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const std::shared_ptr<Capture> capture = stream.capture;
    if (!capture) {
        return;
    }
    capture->broken = true;
    capture->tails.erase(&stream);
    if (capture->origin == &stream) {
        capture->active = false;
        for (const auto &entry : capture->tails) {
            entry.first->capture.reset();
        }
    }
    stream.capture.reset();
}

bool capture_task(Stream &stream, Task &task)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream.capture) {
        return false;
    }
    Capture &capture = *stream.capture;
    require_unbroken(capture);
    std::set<size_t> &tail = capture.tails[&stream];
    capture.nodes.push_back({std::move(task), {tail.begin(), tail.end()}});
    tail = {capture.nodes.size() - 1};
    return true;
}

bool capture_record(Stream &stream, Event &event)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    std::lock_guard<std::mutex> own(event.mutex);
    event.captured = stream.capture != nullptr;
    if (!stream.capture) {
        return false;
    }
    require_unbroken(*stream.capture);
    const std::set<size_t> &tail = stream.capture->tails[&stream];
    event.capture = stream.capture;
    event.nodes.assign(tail.begin(), tail.end());
    return true;
}

bool capture_wait(Stream &stream, Event &event)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    std::lock_guard<std::mutex> own(event.mutex);
    const std::shared_ptr<Capture> recorded = event.captured ? event.capture.lock() : nullptr;
    const bool open = recorded && recorded->active;
    if (!open && !stream.capture) {
        if (event.captured) {
            refuse(CUDA_ERROR_INVALID_VALUE, "the event was recorded in a capture that has ended");
        }
        return false;
    }
    if (!open) {
        stream.capture->broken = true;
        refuse(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "a capturing stream waits for an event that was recorded outside of the capture");
    }
    require_unbroken(*recorded);
    if (stream.kind == StreamKind::Legacy) {
        recorded->broken = true;
        refuse(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream waits for a captured event");
    }
    if (stream.capture && stream.capture != recorded) {
        recorded->broken = stream.capture->broken = true;
        refuse(CUDA_ERROR_STREAM_CAPTURE_MERGE, "a capturing stream waits for an event of another capture");
    }
    stream.capture = recorded;
    recorded->tails[&stream].insert(event.nodes.begin(), event.nodes.end());
    return true;
}

void forbid_captured(const Stream &stream, const char *what)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (stream.capture) {
        stream.capture->broken = true;
        refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s of a stream that captures", what);
    }
}

void forbid_capture_in(const Context &context, const char *what)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    for (const std::shared_ptr<Capture> &capture : active_captures()) {
        if (capture->context.get() == &context) {
            capture->broken = true;
            refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s while a stream of the context captures", what);
        }
    }
}

void forbid_legacy(const Context &context)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    for (const std::shared_ptr<Capture> &capture : active_captures()) {
        const bool blocking = std::any_of(capture->tails.begin(), capture->tails.end(),
            [](const auto &entry) { return entry.first->kind == StreamKind::Blocking; });
        if (capture->context.get() == &context && blocking) {
            capture->broken = true;
            refuse(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream is used while a blocking stream of its context captures");
        }
    }
}

void forbid_unsafe(const char *function)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const CUstreamCaptureMode thread = thread_capture_mode();
    if (thread == CU_STREAM_CAPTURE_MODE_RELAXED) {
        return;
    }
    for (const std::shared_ptr<Capture> &capture : active_captures()) {
        const bool own = capture->thread == std::this_thread::get_id();
        const bool global = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL && (own || thread == CU_STREAM_CAPTURE_MODE_GLOBAL);
        const bool local = capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && own;
        if (global || local) {
            capture->broken = true;
            refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s while a capture in %s mode is open", function, global ? "global" : "thread-local");
        }
    }
}

} // namespace emu
