#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "abi_types.h"
#include "runtime/event.h"
#include "runtime/stream.h"

namespace emu {

constexpr size_t kNoNode = ~size_t{0};

/// A captured task and the nodes it comes after: the one before it on its stream, and those its stream waited for.
struct GraphNode {
    Task task;
    std::vector<size_t> after;
};

/// A captured model, replayed as a whole.
struct Graph {
    std::vector<GraphNode> nodes;
    std::shared_ptr<Device> device;
    std::string name;
    uint32_t id = 0;
    bool complete = false;

    /// Runs every node once. Of the nodes that are ready the youngest goes first: an order that the events allow, but that differs
    /// from the order of capture wherever streams ran beside each other, so that a missing event shows.
    void replay();
};

/// Tasks between TaskGrpBegin and End: positions in the graph.
struct TaskGroup {
    std::shared_ptr<Graph> graph;
    std::vector<size_t> nodes;
};

struct Capture {
    std::shared_ptr<Graph> graph;
    Stream *origin = nullptr;
    aclmdlRICaptureMode mode = ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;
    std::thread::id thread;
    std::map<Stream *, size_t> tails; ///< last node of each stream; kNoNode before its first
    std::shared_ptr<TaskGroup> group;
    bool active = true;
    int broken = 0; ///< the code of the call that made it invalid
};

std::recursive_mutex &capture_mutex();
void open(const std::shared_ptr<Capture> &capture);
void close(Capture &capture);
/// True when every node lies before the origin's last one.
bool is_joined(Capture &capture);
/// What aclmdlRICaptureThreadExchangeMode sets.
aclmdlRICaptureMode &thread_capture_mode();

/// Adds the task to the stream's capture; false when it does not capture.
bool capture_task(Stream &stream, Task &task);
bool capture_record(Stream &stream, const std::shared_ptr<Event> &event);
bool capture_wait(Stream &stream, Event &event);

/// Replaces the next task of the group the stream updates.
void update_task(Stream &stream, Task task);

bool is_capturing(const Stream &stream);

/// Refuses with 107027 when the stream captures: no synchronisation or query of it is legal.
void forbid_captured(const Stream &stream, const char *what);
/// The same for a whole device or context.
void forbid_capture_on(const Device &device, const char *what);
/// Refuses with 107030 where a capture's mode forbids unsafe functions to this thread, and breaks that capture.
void forbid_unsafe(const char *function, int code);

Handles<Graph> &graphs();
Handles<TaskGroup> &task_groups();

} // namespace emu
