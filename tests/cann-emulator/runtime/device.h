#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "abi_types.h"
#include "runtime/handles.h"

namespace emu {

class Stream;
struct Capture;

/// One NPU (one die on A3). A fault is sticky: every later call on the device answers it until the device is reset.
struct Device {
    int id = 0;
    std::mutex mutex;
    int fault = 0;
    std::string faultText;
    bool lost = false;
    uint64_t faultAddress = 0; ///< of a 507053 that is not yet repaired
    int references = 0;        ///< aclrtSetDevice calls
    std::atomic<int> streams{0};
    std::atomic<int> captures{0};
    std::atomic<uint64_t> epoch{0}; ///< grows with every reset and abort: tasks of an older epoch are dropped
    int64_t deterministic = 0;

    void fail(int code, const std::string &text);
    /// Refuses with the sticky fault, if there is one.
    void check();
};

struct Context {
    std::shared_ptr<Device> device;
    std::shared_ptr<Stream> defaultStream;
    bool primary = false;
    void *token = nullptr;
};

constexpr int kStreamsPerDevice = 1984; // aclrtCreateStream, A2 and A3

Handles<Context> &contexts();

std::shared_ptr<Device> device_at(int id);
int device_count();

/// Makes the device's primary context the thread's. Counted: reset is due when the count falls to zero.
void set_device(int id);
void reset_device(int id, bool force);

/// The thread's context; refuses with 107002 when there is none.
std::shared_ptr<Context> current_context();
std::shared_ptr<Context> &thread_context();

/// The stream of a handle (null: the context's default stream), which must be of the thread's context and outside of a fault.
std::shared_ptr<Stream> stream_of(const void *handle);

bool is_initialised();
void set_initialised(bool value);

} // namespace emu
