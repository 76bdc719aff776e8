// Rules: "ACL Graph" (single- and cross-stream capture) of the runtime's developer guide, "model running instance management" of its
// API reference; codes as its error table names them.
#include "runtime/capture.h"

#include <algorithm>

#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

std::vector<std::weak_ptr<Capture>> g_captures;

std::vector<std::shared_ptr<Capture>> active_captures()
{
    std::vector<std::shared_ptr<Capture>> active;
    for (const std::weak_ptr<Capture> &weak : g_captures) {
        if (std::shared_ptr<Capture> capture = weak.lock(); capture && capture->active) {
            active.push_back(capture);
        }
    }
    return active;
}

size_t append(Capture &capture, Stream &stream, Task task, size_t alsoAfter)
{
    GraphNode node;
    node.task = std::move(task);
    const size_t tail = capture.tails[&stream];
    if (tail != kNoNode) {
        node.after.push_back(tail);
    }
    if (alsoAfter != kNoNode) {
        node.after.push_back(alsoAfter);
    }
    capture.graph->nodes.push_back(std::move(node));
    return capture.tails[&stream] = capture.graph->nodes.size() - 1;
}

} // namespace

std::recursive_mutex &capture_mutex()
{
    static auto *kMutex = new std::recursive_mutex;
    return *kMutex;
}

aclmdlRICaptureMode &thread_capture_mode()
{
    thread_local aclmdlRICaptureMode mode = ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;
    return mode;
}

void open(const std::shared_ptr<Capture> &capture)
{
    capture->origin->capture = capture;
    capture->tails[capture->origin] = kNoNode;
    capture->graph->device->captures++;
    g_captures.push_back(capture);
}

bool is_joined(Capture &capture)
{
    const std::vector<GraphNode> &nodes = capture.graph->nodes;
    std::vector<bool> reached(nodes.size(), false);
    std::vector<size_t> open;
    if (capture.tails[capture.origin] != kNoNode) {
        open.push_back(capture.tails[capture.origin]);
    }
    size_t count = 0;
    while (!open.empty()) {
        const size_t node = open.back();
        open.pop_back();
        if (!reached[node]) {
            reached[node] = true;
            count++;
            open.insert(open.end(), nodes[node].after.begin(), nodes[node].after.end());
        }
    }
    return count == nodes.size();
}

void close(Capture &capture)
{
    capture.active = false;
    capture.graph->device->captures--;
    for (const auto &entry : capture.tails) {
        entry.first->capture.reset();
    }
    g_captures.erase(std::remove_if(g_captures.begin(), g_captures.end(),
        [](const std::weak_ptr<Capture> &weak) { return weak.expired() || !weak.lock()->active; }), g_captures.end());
}

Handles<Graph> &graphs()
{
    static auto *kGraphs = new Handles<Graph>("captured model", 4, kRtHandle);
    return *kGraphs;
}

Handles<TaskGroup> &task_groups()
{
    static auto *kGroups = new Handles<TaskGroup>("task group", 5, kRtHandle);
    return *kGroups;
}

void Graph::replay()
{
    std::vector<size_t> missing(nodes.size());
    std::vector<std::vector<size_t>> followers(nodes.size());
    std::vector<size_t> ready;
    for (size_t i = 0; i < nodes.size(); i++) {
        missing[i] = nodes[i].after.size();
        for (const size_t before : nodes[i].after) {
            followers[before].push_back(i);
        }
        if (missing[i] == 0) {
            ready.push_back(i);
        }
    }
    while (!ready.empty()) {
        const auto youngest = std::max_element(ready.begin(), ready.end());
        const size_t node = *youngest;
        ready.erase(youngest);
        try {
            run_task(nodes[node].task);
        } catch (const Refusal &refusal) {
            const int code = refusal.code == kLostHeartbeat || refusal.code == kDeviceMemoryError || refusal.code == 107020 ? refusal.code : kModelExecute;
            refuse(code, "task %zu of the captured model, %s: %s", node, nodes[node].task.name.c_str(), refusal.rule.c_str());
        }
        for (const size_t follower : followers[node]) {
            if (--missing[follower] == 0) {
                ready.push_back(follower);
            }
        }
    }
}

bool is_capturing(const Stream &stream)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    return stream.capture != nullptr;
}

bool capture_task(Stream &stream, Task &task)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream.capture) {
        return false;
    }
    Capture &capture = *stream.capture;
    const size_t node = append(capture, stream, std::move(task), kNoNode);
    if (capture.group) {
        capture.group->nodes.push_back(node);
    }
    return true;
}

bool capture_record(Stream &stream, const std::shared_ptr<Event> &event)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream.capture) {
        return false;
    }
    event->capture = stream.capture;
    event->node = append(*stream.capture, stream, {"aclrtRecordEvent", [] {}}, kNoNode);
    return true;
}

bool capture_wait(Stream &stream, Event &event)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const std::shared_ptr<Capture> recorded = event.capture.lock();
    const bool captured = recorded && recorded->active;
    if (!captured && !stream.capture) {
        return false;
    }
    if (!captured) {
        stream.capture->broken = 107024;
        refuse(107024, "a capturing stream waits for an event that was recorded outside of the capture");
    }
    if (stream.capture && stream.capture != recorded) {
        recorded->broken = stream.capture->broken = kCaptureConflict;
        refuse(kCaptureConflict, "a capturing stream waits for an event of another capture");
    }
    if (!stream.capture) {
        stream.capture = recorded;
        recorded->tails[&stream] = kNoNode;
    }
    append(*recorded, stream, {"aclrtStreamWaitEvent", [] {}}, event.node);
    return true;
}

void update_task(Stream &stream, Task task)
{
    TaskGroup &group = *stream.updating;
    if (stream.updated >= group.nodes.size()) {
        refuse(107033, "the task group holds %zu tasks, one more is submitted to update it", group.nodes.size());
    }
    group.graph->nodes[group.nodes[stream.updated++]].task = std::move(task);
}

void forbid_captured(const Stream &stream, const char *what)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (stream.capture) {
        stream.capture->broken = kStreamCaptured;
        refuse(kStreamCaptured, "%s of a stream that captures", what);
    }
}

void forbid_capture_on(const Device &device, const char *what)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    for (const std::shared_ptr<Capture> &capture : active_captures()) {
        if (capture->graph->device.get() == &device) {
            capture->broken = kStreamCaptured;
            refuse(kStreamCaptured, "%s while a stream of device %d captures", what, device.id);
        }
    }
}

void forbid_unsafe(const char *function, int code)
{
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    for (const std::shared_ptr<Capture> &capture : active_captures()) {
        const bool own = capture->thread == std::this_thread::get_id();
        const aclmdlRICaptureMode thread = thread_capture_mode();
        const bool global = capture->mode == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL && (own || thread == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL);
        const bool local = capture->mode == ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL && own;
        if ((global || local) && thread != ACL_MODEL_RI_CAPTURE_MODE_RELAXED) {
            capture->broken = code;
            refuse(code, "%s while a capture in %s mode is open; exchange the thread's mode to RELAXED first", function, global ? "GLOBAL" : "THREAD_LOCAL");
        }
    }
}

} // namespace emu
