#pragma once
#include <map>
#include <set>

#include "core/stream.h"

namespace emu {

struct Event;

/// A captured task and the nodes it comes after.
struct GraphNode {
    Task task;
    std::vector<size_t> after;
};

struct Graph {
    std::shared_ptr<const std::vector<GraphNode>> nodes = std::make_shared<std::vector<GraphNode>>();
    std::shared_ptr<Context> context;
    std::vector<void *> tokens; ///< node handles, made when they are asked for
};

/// A node as cuGraphGetNodes hands it out.
struct NodeHandle {
    CUgraphNodeType type;
};

/// An instantiated graph: what it runs may be exchanged by cuGraphExecUpdate, launches of it never overlap.
struct GraphExec {
    std::mutex mutex;  ///< guards `nodes`
    std::mutex launch; ///< held while it runs
    std::shared_ptr<const std::vector<GraphNode>> nodes;
    std::shared_ptr<Context> context;
};

/// Runs every node once. Of the nodes that are ready the youngest goes first: an order that the dependencies allow, but that differs
/// from the order of capture wherever streams ran beside each other, so that a missing event shows.
void replay(const std::vector<GraphNode> &nodes);

struct Capture {
    std::vector<GraphNode> nodes;
    Stream *origin = nullptr;
    std::shared_ptr<Context> context;
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
    std::thread::id thread;
    std::map<Stream *, std::set<size_t>> tails; ///< what each stream's next node comes after
    uint64_t id = 0;
    bool active = true;
    bool broken = false; ///< a forbidden call made it invalid
};

std::recursive_mutex &capture_mutex();
void begin_capture(Stream &stream, CUstreamCaptureMode mode);
/// Ends it whatever happens; refuses where the sequence is invalid or has unjoined work.
std::shared_ptr<Graph> end_capture(Stream &stream);
CUstreamCaptureStatus capture_status(const Stream &stream, uint64_t *id);

/// A stream that ends takes its capture down with it.
void leave_capture(Stream &stream);

/// Adds the task to the stream's capture; false when it does not capture.
bool capture_task(Stream &stream, Task &task);
bool capture_record(Stream &stream, Event &event);
bool capture_wait(Stream &stream, Event &event);

/// What cuThreadExchangeStreamCaptureMode sets.
CUstreamCaptureMode &thread_capture_mode();

/// Refuses and breaks the capture when the stream captures: no synchronisation or query of it is legal.
void forbid_captured(const Stream &stream, const char *what);
/// The same for every stream of a context.
void forbid_capture_in(const Context &context, const char *what);
/// Refuses where a blocking stream of the context captures: the legacy stream would depend on it.
void forbid_legacy(const Context &context);
/// Refuses where a capture's mode forbids potentially unsafe calls to this thread, and breaks that capture.
void forbid_unsafe(const char *function);

Handles<Graph> &graphs();
Handles<GraphExec> &graph_execs();
Handles<NodeHandle> &graph_nodes();

} // namespace emu
