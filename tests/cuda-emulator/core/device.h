#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "abi/driver.h"
#include "core/handles.h"

namespace emu {

class Stream;
struct Context;

/// A card. A fault of a kernel or of the hardware sticks: every later call answers it, as after an illegal address on a real one.
struct Device {
    explicit Device(int number) : id(number) {}

    const int id;
    std::mutex mutex;
    int fault = 0;
    std::string faultText;
    std::atomic<bool> shut{false}; ///< tasks are dropped: the primary context was reset
    std::shared_ptr<Context> primary;
    int retained = 0;
    unsigned primaryFlags = 0;

    void fail(int code, const std::string &text);
    void require_healthy();
    int current_fault();
};

struct Context {
    std::shared_ptr<Device> device;
    void *token = nullptr;
    bool primary = false;
    std::atomic<bool> alive{true};
    unsigned flags = 0;
    std::shared_ptr<Stream> legacy;
    std::recursive_mutex mutex; ///< guards `streams`, `perThread` and the order that the legacy stream gives to the others
    std::vector<std::weak_ptr<Stream>> streams;
    std::map<std::thread::id, std::shared_ptr<Stream>> perThread;

    std::vector<std::shared_ptr<Stream>> live_streams();
};

int device_count();
std::shared_ptr<Device> device_at(int id);
void require_initialised();
void initialise();

Handles<Context> &contexts();
std::shared_ptr<Context> create_context(const std::shared_ptr<Device> &device, unsigned flags, bool primary);
/// Waits for its streams, frees nothing that another context of the device uses, and makes its handle dead.
void end_context(const std::shared_ptr<Context> &context);

/// The calling thread's contexts, the current one last.
std::vector<std::shared_ptr<Context>> &context_stack();
/// The current context; refuses where there is none, it has ended, or its device has failed.
std::shared_ptr<Context> current_context();
std::shared_ptr<Context> current_context_or_null();
/// The same without a look at the device's health: for calls that take things down.
std::shared_ptr<Context> current_context_any_health();

} // namespace emu
