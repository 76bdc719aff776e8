// Rules: "Stream Management" and "Stream synchronization behavior" of the driver API reference.
#include "core/stream.h"

#include <chrono>

#include "core/capture.h"
#include "core/fault.h"
#include "core/settings.h"
#include "core/trap.h"

namespace emu {

Handles<Stream> &streams()
{
    static auto &all = *new Handles<Stream>("stream", 2);
    return all;
}

bool Ticket::is_done() const
{
    const std::shared_ptr<Stream> owner = stream.lock();
    return !owner || owner->is_finished(number);
}

void Ticket::wait() const
{
    if (const std::shared_ptr<Stream> owner = stream.lock()) {
        owner->await(number);
    }
}

void run_task(const Task &task)
{
    if (settings().delayMicroseconds > 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(settings().delayMicroseconds));
    }
    const int code = faults::take("task");
    if (code != 0) {
        refuse(code, "ordered fault in %s", task.name.c_str());
    }
    if (task.run) {
        task.run();
    }
}

Stream::~Stream()
{
    leave_capture(*this);
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

void Stream::submit(Task task, const std::vector<Ticket> &after)
{
    if (capture_task(*this, task)) {
        return;
    }
    const std::shared_ptr<Context> owner = context.lock();
    if (!owner || kind == StreamKind::NonBlocking) {
        enqueue(std::move(task), after);
        return;
    }
    std::lock_guard<std::recursive_mutex> lock(owner->mutex);
    std::vector<Ticket> before = after;
    if (kind == StreamKind::Legacy) {
        for (const std::shared_ptr<Stream> &other : owner->live_streams()) {
            if (other->kind == StreamKind::Blocking && !other->is_idle()) {
                before.push_back(other->tail());
            }
        }
    } else if (!owner->legacy->is_idle()) {
        before.push_back(owner->legacy->last());
    }
    enqueue(std::move(task), std::move(before));
}

void Stream::enqueue(Task task, std::vector<Ticket> after)
{
    std::lock_guard<std::mutex> lock(_mutex);
    _queue.push_back({std::move(task), std::move(after)});
    _submitted++;
    if (!_thread.joinable()) {
        _thread = std::thread([this] { work(); });
    }
    _changed.notify_all();
}

Ticket Stream::tail()
{
    if (kind == StreamKind::Legacy) {
        submit({CU_GRAPH_NODE_TYPE_EMPTY, "the legacy stream's wait", nullptr, nullptr});
    }
    return last();
}

Ticket Stream::last()
{
    std::lock_guard<std::mutex> lock(_mutex);
    return {weak_from_this(), _submitted};
}

void Stream::work()
{
    prepare_thread_for_traps();
    std::unique_lock<std::mutex> lock(_mutex);
    for (;;) {
        _changed.wait(lock, [this] {
            const bool allowed = !settings().lazy || _finished < _released || _stopping;
            return (_stopping && _queue.empty()) || (!_queue.empty() && allowed);
        });
        if (_queue.empty()) {
            return;
        }
        Entry entry = std::move(_queue.front());
        _queue.pop_front();
        lock.unlock();
        for (const Ticket &ticket : entry.after) {
            ticket.wait();
        }
        execute(entry);
        entry = {};
        lock.lock();
        _finished++;
        _changed.notify_all();
    }
}

void Stream::execute(const Entry &entry)
{
    if (device->current_fault() != 0 && entry.task.type != CU_GRAPH_NODE_TYPE_HOST) {
        return;
    }
    try {
        run_task(entry.task);
    } catch (const Refusal &refusal) {
        device->fail(refusal.code, entry.task.name + ": " + refusal.rule);
    } catch (const std::exception &error) {
        device->fail(CUDA_ERROR_LAUNCH_FAILED, entry.task.name + ": " + error.what());
    }
}

bool Stream::is_idle()
{
    std::lock_guard<std::mutex> lock(_mutex);
    return _finished == _submitted;
}

bool Stream::is_finished(uint64_t number)
{
    std::lock_guard<std::mutex> lock(_mutex);
    return _finished >= number;
}

void Stream::await(uint64_t number)
{
    demand(number);
    std::unique_lock<std::mutex> lock(_mutex);
    _changed.wait(lock, [this, number] { return _finished >= number; });
}

void Stream::demand(uint64_t number)
{
    std::lock_guard<std::mutex> lock(_mutex);
    if (_released < number) {
        _released = number;
        _changed.notify_all();
    }
}

void Stream::demand_all()
{
    std::lock_guard<std::mutex> lock(_mutex);
    _released = _submitted;
    _changed.notify_all();
}

std::shared_ptr<Stream> create_stream(const std::shared_ptr<Context> &context, StreamKind kind, int priority)
{
    auto stream = std::make_shared<Stream>(context->device, kind, priority);
    stream->context = context;
    stream->token = streams().add(stream);
    std::lock_guard<std::recursive_mutex> lock(context->mutex);
    context->streams.push_back(stream);
    return stream;
}

std::shared_ptr<Stream> stream_of(const std::shared_ptr<Context> &context, CUstream handle)
{
    const auto value = reinterpret_cast<uintptr_t>(handle);
    if (value <= 1) {
        forbid_legacy(*context);
        return context->legacy;
    }
    if (value == 2) {
        std::lock_guard<std::recursive_mutex> lock(context->mutex);
        std::shared_ptr<Stream> &own = context->perThread[std::this_thread::get_id()];
        if (!own) {
            own = create_stream(context, StreamKind::Blocking, 0);
        }
        return own;
    }
    std::shared_ptr<Stream> stream = streams().get(handle);
    const std::shared_ptr<Context> owner = stream->context.lock();
    if (!owner || !owner->alive) {
        refuse(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the stream's context was destroyed");
    }
    return stream;
}

void demand_every_stream()
{
    for (const std::shared_ptr<Stream> &stream : streams().all()) {
        stream->demand_all();
    }
    for (const std::shared_ptr<Context> &context : contexts().all()) {
        context->legacy->demand_all();
    }
}

} // namespace emu
