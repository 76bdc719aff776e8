// Rules: "device management" and "context management" of the runtime's API reference.
#include "runtime/device.h"

#include <cstdlib>
#include <map>

#include "runtime/codes.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"
#include "runtime/stream.h"

namespace emu {

namespace {

std::mutex g_mutex;
std::map<int, std::shared_ptr<Device>> g_devices;
std::map<int, std::shared_ptr<Context>> g_primary;
std::atomic<bool> g_initialised{false};

/// Devices that ASCEND_RT_VISIBLE_DEVICES leaves: ascending ids, and nothing behind the first bad one.
int visible_devices()
{
    const char *text = std::getenv("ASCEND_RT_VISIBLE_DEVICES");
    if (text == nullptr) {
        return profile().devices;
    }
    int count = 0;
    for (long last = -1; *text != 0;) {
        char *end = nullptr;
        const long id = std::strtol(text, &end, 10);
        if (end == text || (*end != ',' && *end != 0) || id <= last || id >= profile().devices) {
            break;
        }
        last = id;
        count++;
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

} // namespace

void Device::fail(int code, const std::string &text)
{
    std::lock_guard<std::mutex> lock(mutex);
    if (fault == 0) {
        fault = code;
        faultText = text;
        lost = lost || code == kLostHeartbeat;
    }
}

void Device::check()
{
    std::lock_guard<std::mutex> lock(mutex);
    if (fault != 0) {
        refuse(fault, "device %d has failed: %s", id, faultText.c_str());
    }
}

Handles<Context> &contexts()
{
    static auto *kContexts = new Handles<Context>("context", 1, 107001);
    return *kContexts;
}

int device_count()
{
    static const int kCount = visible_devices();
    return kCount;
}

std::shared_ptr<Device> device_at(int id)
{
    if (id < 0 || id >= device_count()) {
        refuse(kRtDevice, "device %d: this host has 0..%d", id, device_count() - 1);
    }
    std::lock_guard<std::mutex> lock(g_mutex);
    std::shared_ptr<Device> &device = g_devices[id];
    if (!device) {
        device = std::make_shared<Device>();
        device->id = id;
    }
    return device;
}

std::shared_ptr<Context> &thread_context()
{
    thread_local std::shared_ptr<Context> context;
    return context;
}

std::shared_ptr<Context> current_context()
{
    const std::shared_ptr<Context> &context = thread_context();
    if (!context) {
        refuse(kRtContextNull, "this thread has no context: aclrtSetDevice or aclrtSetCurrentContext comes first");
    }
    return context;
}

void set_device(int id)
{
    if (!is_initialised()) {
        refuse(kUninitialised, "aclInit comes before aclrtSetDevice");
    }
    const std::shared_ptr<Device> device = device_at(id);
    if (device->lost) {
        refuse(kLostHeartbeat, "device %d is lost", id);
    }
    device->check();
    std::shared_ptr<Context> context;
    {
        std::lock_guard<std::mutex> lock(g_mutex);
        context = g_primary[id];
    }
    if (!context) {
        context = std::make_shared<Context>();
        context->device = device;
        context->primary = true;
        context->defaultStream = create_stream(context, 0);
        context->token = contexts().add(context);
        std::lock_guard<std::mutex> lock(g_mutex);
        g_primary[id] = context;
    }
    device->references++;
    thread_context() = context;
}

void reset_device(int id, bool force)
{
    const std::shared_ptr<Device> device = device_at(id);
    if (device->references == 0) {
        refuse(kRtDevice, "device %d is not set in this process", id);
    }
    device->references = force ? 0 : device->references - 1;
    if (device->references > 0) {
        return;
    }
    device->epoch++;
    for (const std::shared_ptr<Stream> &stream : streams().all()) {
        if (stream->device == device) {
            stream->drop();
            stream->wait(10000);
            streams().remove(stream->token);
        }
    }
    std::shared_ptr<Context> context;
    {
        std::lock_guard<std::mutex> lock(g_mutex);
        context = g_primary[id];
        g_primary.erase(id);
    }
    if (context) {
        contexts().remove(context->token);
    }
    if (thread_context() && thread_context()->device == device) {
        thread_context() = nullptr;
    }
    device_memory::release_all(id);
    std::lock_guard<std::mutex> lock(device->mutex);
    if (!device->lost) {
        device->fault = 0;
        device->faultText.clear();
        device->faultAddress = 0;
    }
    device->captures = 0;
}

std::shared_ptr<Stream> stream_of(const void *handle)
{
    const std::shared_ptr<Context> context = current_context();
    std::shared_ptr<Stream> stream;
    if (handle == nullptr) {
        if (context->device->captures > 0) {
            refuse(kCaptureImplicit, "the default stream is not used while a stream of device %d captures", context->device->id);
        }
        stream = context->defaultStream;
    } else {
        stream = streams().get(handle);
    }
    if (stream->context.lock() != context) {
        refuse(kRtStreamContext, "stream %d belongs to another context than this thread's", stream->id);
    }
    stream->device->check();
    return stream;
}

bool is_initialised()
{
    return g_initialised;
}

void set_initialised(bool value)
{
    g_initialised = value;
}

} // namespace emu
