// Rules: "stream management" of the runtime's API reference.
#include "runtime/stream.h"

#include <chrono>

#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/fault.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"

namespace emu {

namespace {

thread_local int t_nextFault = 0;

} // namespace

Handles<Stream> &streams()
{
    static auto *kStreams = new Handles<Stream>("stream", 2, kRtHandle);
    return *kStreams;
}

void fault_next_task(int code)
{
    t_nextFault = code;
}

void run_task(const Task &task)
{
    if (settings().delayMicroseconds > 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(settings().delayMicroseconds));
    }
    const int code = faults::take_task();
    if (code != 0) {
        refuse(code, "ordered fault in task %s", task.name.c_str());
    }
    task.run();
}

Stream::Stream(std::shared_ptr<Device> owner, int number, uint32_t bits) : device(std::move(owner)), id(number), flags(bits)
{
    device->streams++;
}

Stream::~Stream()
{
    device->streams--;
    if (!_thread.joinable()) {
        return;
    }
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _stopping = true;
        _released = _submitted;
    }
    _changed.notify_all();
    if (_thread.get_id() == std::this_thread::get_id()) {
        _thread.detach();
    } else {
        _thread.join();
    }
}

void Stream::submit(Task task)
{
    if (t_nextFault != 0) {
        const int code = t_nextFault;
        t_nextFault = 0;
        task.run = [code, name = task.name] { refuse(code, "ordered fault in task %s", name.c_str()); };
    }
    if (updating) {
        update_task(*this, std::move(task));
        return;
    }
    if (capture_task(*this, task)) {
        return;
    }
    std::lock_guard<std::mutex> lock(_mutex);
    _queue.push_back({std::move(task), device->epoch});
    _submitted++;
    if (!_thread.joinable()) {
        _thread = std::thread([this] { work(); });
    }
    _changed.notify_all();
}

void Stream::work()
{
    std::unique_lock<std::mutex> lock(_mutex);
    for (;;) {
        _changed.wait(lock, [this] {
            const bool allowed = !settings().lazy || _finished < _released;
            return (_stopping && _queue.empty()) || (!_queue.empty() && (allowed || _stopping));
        });
        if (_queue.empty()) {
            return;
        }
        Entry entry = std::move(_queue.front());
        _queue.pop_front();
        lock.unlock();
        execute(entry);
        entry = {};
        lock.lock();
        _finished++;
        _changed.notify_all();
    }
}

void Stream::execute(const Entry &entry)
{
    {
        std::lock_guard<std::mutex> lock(device->mutex);
        if (device->fault != 0 || entry.epoch != device->epoch) {
            return;
        }
    }
    try {
        run_task(entry.task);
    } catch (const Refusal &refusal) {
        device->fail(refusal.code, entry.task.name + ": " + refusal.rule);
    } catch (const std::exception &error) {
        device->fail(kAicoreException, entry.task.name + ": " + error.what());
    }
}

int Stream::wait(int milliseconds)
{
    demand();
    std::unique_lock<std::mutex> lock(_mutex);
    const uint64_t target = _submitted;
    const auto done = [this, target] { return _finished >= target; };
    if (milliseconds < 0) {
        _changed.wait(lock, done);
    } else if (!_changed.wait_for(lock, std::chrono::milliseconds(milliseconds), done)) {
        return kStreamSyncTimeout;
    }
    lock.unlock();
    std::lock_guard<std::mutex> deviceLock(device->mutex);
    return device->fault;
}

bool Stream::idle()
{
    std::lock_guard<std::mutex> lock(_mutex);
    // A query is how a poller waits: it counts as demand, or a lazily scheduled stream would never end.
    _released = _submitted;
    _changed.notify_all();
    return _finished == _submitted;
}

void Stream::demand()
{
    std::lock_guard<std::mutex> lock(_mutex);
    _released = _submitted;
    _changed.notify_all();
}

void Stream::drop()
{
    std::lock_guard<std::mutex> lock(_mutex);
    _finished += _queue.size();
    _queue.clear();
    _changed.notify_all();
}

std::shared_ptr<Stream> create_stream(const std::shared_ptr<Context> &context, uint32_t flags)
{
    static std::atomic<int> next{1};
    if (context->device->streams >= kStreamsPerDevice) {
        refuse(kRtNoStream, "device %d has its %d streams in use", context->device->id, kStreamsPerDevice);
    }
    auto stream = std::make_shared<Stream>(context->device, next++, flags);
    stream->context = context;
    stream->token = streams().add(stream);
    return stream;
}

} // namespace emu
