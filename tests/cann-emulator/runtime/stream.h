#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/device.h"
#include "runtime/handles.h"

namespace emu {

struct Capture;
struct TaskGroup;

/// One piece of device work. Throws Refusal for what the device would report as a fault.
struct Task {
    std::string name;
    std::function<void()> run;
};

/// A queue with a thread of its own. While it captures, tasks go to the graph instead.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    Stream(std::shared_ptr<Device> device, int id, uint32_t flags);
    ~Stream();

    void submit(Task task);
    /// Waits for everything submitted; 0, the device's fault, or 507046 after `milliseconds` (-1: for ever).
    int wait(int milliseconds);
    bool idle();
    /// Lets a lazily scheduled stream run what was submitted so far.
    void demand();
    /// Forgets what has not started.
    void drop();

    const std::shared_ptr<Device> device;
    const int id;
    const uint32_t flags;
    void *token = nullptr;
    std::weak_ptr<Context> context;
    std::shared_ptr<Capture> capture;     ///< guarded by capture_mutex()
    std::shared_ptr<TaskGroup> updating;  ///< between aclmdlRICaptureTaskUpdateBegin and End
    size_t updated = 0;
    uint64_t failureMode = 0;

private:
    struct Entry {
        Task task;
        uint64_t epoch;
    };

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
std::shared_ptr<Stream> create_stream(const std::shared_ptr<Context> &context, uint32_t flags);

/// The next task that this thread submits fails with the code (fault injection).
void fault_next_task(int code);

/// Runs one task with the delay and the faults that were ordered.
void run_task(const Task &task);

} // namespace emu
