#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/device.h"

namespace emu {

struct Capture;

/// A point in a stream's order: everything submitted to it up to `number`. A stream that is gone has finished.
struct Ticket {
    std::weak_ptr<Stream> stream;
    uint64_t number = 0;

    bool is_done() const;
    /// Lets a lazily scheduled stream run up to this point, and waits for it.
    void wait() const;
};

/// One piece of device work. Throws Refusal for what the device would report as a fault. May run more than once: a graph replays it.
struct Task {
    CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
    std::string name;
    std::function<void()> run;
    const void *function = nullptr; ///< what a kernel node runs, for cuGraphExecUpdate
};

enum class StreamKind { Blocking, NonBlocking, Legacy };

/// A queue with a thread of its own. While it captures, tasks go to the graph instead.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    Stream(std::shared_ptr<Device> owner, StreamKind sort, int importance) : device(std::move(owner)), kind(sort), priority(importance) {}
    ~Stream();

    /// Puts work on the stream, or into the graph that it captures; orders it after and before the legacy stream's.
    void submit(Task task) { submit(std::move(task), {}); }
    void submit(Task task, const std::vector<Ticket> &after);

    /// Everything submitted so far; for the legacy stream, with what it waits for.
    Ticket tail();
    /// The entry submitted last, without what the legacy stream would wait for now.
    Ticket last();
    void wait_all() { tail().wait(); }
    bool is_idle();

    bool is_finished(uint64_t number);
    void await(uint64_t number);
    /// Lets a lazily scheduled stream run up to `number`.
    void demand(uint64_t number);
    void demand_all();

    const std::shared_ptr<Device> device;
    const StreamKind kind;
    const int priority;
    void *token = nullptr;
    std::weak_ptr<Context> context;
    std::shared_ptr<Capture> capture; ///< guarded by capture_mutex()

private:
    struct Entry {
        Task task;
        std::vector<Ticket> after;
    };

    void enqueue(Task task, std::vector<Ticket> after);
    void work();
    void execute(const Entry &entry);

    std::mutex _mutex;
    std::condition_variable _changed;
    std::deque<Entry> _queue;
    uint64_t _submitted = 0;
    uint64_t _finished = 0;
    uint64_t _released = 0;
    bool _stopping = false;
    std::thread _thread;
};

Handles<Stream> &streams();
std::shared_ptr<Stream> create_stream(const std::shared_ptr<Context> &context, StreamKind kind, int priority);
/// The stream of a handle: 0 and 1 are the context's legacy stream, 2 the thread's own.
std::shared_ptr<Stream> stream_of(const std::shared_ptr<Context> &context, CUstream handle);
/// Every stream that lets itself be waited for: those of all contexts. Lazy streams run when a collective waits for them.
void demand_every_stream();

/// Runs one task with the delay and the faults that were ordered.
void run_task(const Task &task);

} // namespace emu
