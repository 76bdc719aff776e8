// Rules: "Initialization", "Device Management", "Primary Context Management" and "Context Management" of the driver API reference.
#include "core/device.h"

#include "core/memory.h"
#include "core/profile.h"
#include "core/stream.h"

namespace emu {

namespace {

std::atomic<bool> g_initialised{false};

std::vector<std::shared_ptr<Device>> &devices()
{
    static auto &all = *new std::vector<std::shared_ptr<Device>>;
    return all;
}

} // namespace

void Device::fail(int code, const std::string &text)
{
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (fault != 0) {
            return;
        }
        fault = code;
        faultText = text;
    }
    note_refusal(code, format("device %d", id), text);
}

int Device::current_fault()
{
    std::lock_guard<std::mutex> lock(mutex);
    return fault;
}

void Device::require_healthy()
{
    std::lock_guard<std::mutex> lock(mutex);
    if (fault != 0) {
        throw Refusal{fault, "device " + std::to_string(id) + " failed earlier: " + faultText};
    }
}

std::vector<std::shared_ptr<Stream>> Context::live_streams()
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    std::vector<std::shared_ptr<Stream>> live;
    std::vector<std::weak_ptr<Stream>> kept;
    for (const std::weak_ptr<Stream> &weak : streams) {
        if (std::shared_ptr<Stream> stream = weak.lock()) {
            live.push_back(stream);
            kept.push_back(weak);
        }
    }
    streams = kept;
    return live;
}

void initialise()
{
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    if (g_initialised) {
        return;
    }
    if (device_total() == 0) {
        refuse(CUDA_ERROR_NO_DEVICE, "the profile has no device");
    }
    for (int id = 0; id < device_total(); id++) {
        devices().push_back(std::make_shared<Device>(id));
    }
    g_initialised = true;
}

void require_initialised()
{
    if (!g_initialised) {
        refuse(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
    }
}

int device_count()
{
    return static_cast<int>(devices().size());
}

std::shared_ptr<Device> device_at(int id)
{
    require_initialised();
    if (id < 0 || id >= device_count()) {
        refuse(CUDA_ERROR_INVALID_DEVICE, "device %d of %d", id, device_count());
    }
    return devices()[static_cast<size_t>(id)];
}

Handles<Context> &contexts()
{
    static auto &all = *new Handles<Context>("context", 3, CUDA_ERROR_INVALID_CONTEXT);
    return all;
}

std::shared_ptr<Context> create_context(const std::shared_ptr<Device> &device, unsigned flags, bool primary)
{
    auto context = std::make_shared<Context>();
    context->device = device;
    context->flags = flags;
    context->primary = primary;
    context->legacy = std::make_shared<Stream>(device, StreamKind::Legacy, 0);
    context->legacy->context = context;
    context->token = contexts().add(context);
    return context;
}

void end_context(const std::shared_ptr<Context> &context)
{
    for (const std::shared_ptr<Stream> &stream : context->live_streams()) {
        stream->wait_all();
    }
    context->legacy->wait_all();
    context->alive = false;
    contexts().remove(context->token);
    for (const std::shared_ptr<Stream> &stream : context->live_streams()) {
        if (stream->token != nullptr && streams().find(stream->token)) {
            streams().remove(stream->token);
        }
    }
    context->perThread.clear();
    if (context->primary) {
        memory::release_all(context->device->id);
    }
}

std::vector<std::shared_ptr<Context>> &context_stack()
{
    thread_local std::vector<std::shared_ptr<Context>> stack;
    return stack;
}

std::shared_ptr<Context> current_context_or_null()
{
    return context_stack().empty() ? nullptr : context_stack().back();
}

std::shared_ptr<Context> current_context_any_health()
{
    require_initialised();
    std::shared_ptr<Context> context = current_context_or_null();
    if (!context) {
        refuse(CUDA_ERROR_INVALID_CONTEXT, "no context is current to this thread");
    }
    if (!context->alive) {
        refuse(CUDA_ERROR_CONTEXT_IS_DESTROYED, "this thread's context was destroyed or its device reset");
    }
    return context;
}

std::shared_ptr<Context> current_context()
{
    std::shared_ptr<Context> context = current_context_any_health();
    context->device->require_healthy();
    return context;
}

} // namespace emu
