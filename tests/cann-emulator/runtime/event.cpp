// Rules: "event management" of the runtime's API reference.
#include "runtime/event.h"

#include <algorithm>
#include <chrono>

#include "abi_functions.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/refusal.h"

namespace emu {

Handles<Event> &events()
{
    static auto *kEvents = new Handles<Event>("event", 3, kRtHandle);
    return *kEvents;
}

void Event::complete(uint64_t number)
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::lock_guard<std::mutex> lock(mutex);
    completed = std::max(completed, number);
    nanoseconds = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
    changed.notify_all();
}

bool Event::await(uint64_t number, int milliseconds, uint64_t epoch)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    std::unique_lock<std::mutex> lock(mutex);
    while (completed < number) {
        if (const std::shared_ptr<Stream> stream = recorder.lock()) {
            lock.unlock();
            stream->demand();
            lock.lock();
        }
        if (completed >= number) {
            break;
        }
        changed.wait_for(lock, std::chrono::milliseconds(20));
        const bool late = milliseconds >= 0 && std::chrono::steady_clock::now() >= deadline;
        if (completed < number && (late || device->epoch != epoch || device->fault != 0)) {
            return false;
        }
    }
    return true;
}

namespace {

constexpr uint32_t kEventSync = 0x1;
constexpr uint32_t kKnownFlags = kEventSync | 0x2 | 0x8 | 0x10 | 0x20;

aclError create(aclrtEvent *event, uint32_t flags, bool extended)
{
    if (event == nullptr) {
        refuse(kInvalidParameter, "event is null");
    }
    static std::atomic<uint32_t> next{1};
    auto created = std::make_shared<Event>();
    created->flags = flags;
    created->extended = extended;
    created->id = next++;
    created->device = current_context()->device;
    *event = events().add(created);
    return 0;
}

void forbid_captured(const Event &event, const char *what)
{
    if (const std::shared_ptr<Capture> capture = event.capture.lock(); capture && capture->active) {
        refuse(kEventCaptured, "%s of an event that was recorded in a capture", what);
    }
}

aclError wait_event(const void *streamHandle, const void *eventHandle, int milliseconds)
{
    const std::shared_ptr<Stream> stream = stream_of(streamHandle);
    const std::shared_ptr<Event> event = events().get(eventHandle);
    if ((event->flags & kEventSync) == 0) {
        refuse(kRtParameter, "aclrtStreamWaitEvent takes events created with ACL_EVENT_SYNC, this one has flags 0x%x", event->flags);
    }
    if (capture_wait(*stream, *event)) {
        return 0;
    }
    // An event of aclrtCreateEventExWithFlag that was never recorded is complete; an older kind is waited for.
    const uint64_t number = event->extended ? event->recorded : std::max<uint64_t>(event->recorded, 1);
    const uint64_t epoch = stream->device->epoch;
    stream->submit({"aclrtStreamWaitEvent", [event, number, milliseconds, epoch] {
        if (!event->await(number, milliseconds, epoch) && event->device->epoch == epoch) {
            refuse(107019, "the event was not recorded in time");
        }
    }});
    return 0;
}

aclError synchronise(const void *handle, int milliseconds)
{
    const std::shared_ptr<Event> event = events().get(handle);
    forbid_captured(*event, "synchronisation");
    event->device->check();
    if (!event->await(event->recorded, milliseconds, event->device->epoch)) {
        event->device->check();
        refuse(kEventSyncTimeout, "the event did not complete within %d ms", milliseconds);
    }
    event->device->check();
    return 0;
}

} // namespace

aclError aclrtCreateEvent(aclrtEvent *event)
{
    return create(event, 0x1 | 0x2 | 0x8, false);
}

aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag)
{
    if (flag == 0 || (flag & ~kKnownFlags) != 0 || ((flag & 0x20) != 0 && flag != 0x20)) {
        refuse(kRtParameter, "flag 0x%x is no combination of the event flags", flag);
    }
    return create(event, flag, false);
}

aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag)
{
    if (flag == 0 || (flag & ~0x4Bu) != 0 || ((flag & 0x40) != 0 && flag != 0x40)) {
        refuse(kRtParameter, "flag 0x%x is no combination of the event flags", flag);
    }
    return create(event, flag, true);
}

aclError aclrtDestroyEvent(aclrtEvent event)
{
    events().remove(event);
    return 0;
}

aclError aclrtRecordEvent(aclrtEvent handle, aclrtStream streamHandle)
{
    const std::shared_ptr<Stream> stream = stream_of(streamHandle);
    const std::shared_ptr<Event> event = events().get(handle);
    if (capture_record(*stream, event)) {
        return 0;
    }
    event->capture.reset();
    uint64_t number = 0;
    {
        std::lock_guard<std::mutex> lock(event->mutex);
        number = ++event->recorded;
        event->recorder = stream;
    }
    stream->submit({"aclrtRecordEvent", [event, number] { event->complete(number); }});
    return 0;
}

aclError aclrtResetEvent(aclrtEvent handle, aclrtStream streamHandle)
{
    const std::shared_ptr<Stream> stream = stream_of(streamHandle);
    const std::shared_ptr<Event> event = events().get(handle);
    if (event->extended || (event->flags & kEventSync) == 0) {
        refuse(kRtParameter, "aclrtResetEvent takes events of aclrtCreateEventWithFlag with ACL_EVENT_SYNC");
    }
    stream->submit({"aclrtResetEvent", [] {}});
    return 0;
}

aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event)
{
    return wait_event(stream, event, -1);
}

aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event, int32_t timeout)
{
    return wait_event(stream, event, timeout);
}

aclError aclrtQueryEventStatus(aclrtEvent handle, aclrtEventRecordedStatus *status)
{
    const std::shared_ptr<Event> event = events().get(handle);
    forbid_captured(*event, "query");
    if (const std::shared_ptr<Stream> stream = event->recorder.lock()) {
        stream->demand();
    }
    std::lock_guard<std::mutex> lock(event->mutex);
    const bool complete = event->completed >= event->recorded && (event->extended || event->recorded > 0);
    *status = complete ? ACL_EVENT_RECORDED_STATUS_COMPLETE : ACL_EVENT_RECORDED_STATUS_NOT_READY;
    return 0;
}

aclError aclrtQueryEventWaitStatus(aclrtEvent handle, aclrtEventWaitStatus *status)
{
    const std::shared_ptr<Event> event = events().get(handle);
    forbid_captured(*event, "wait query");
    if (event->extended) {
        refuse(kRtParameter, "aclrtQueryEventWaitStatus does not take events of aclrtCreateEventExWithFlag");
    }
    *status = ACL_EVENT_WAIT_STATUS_COMPLETE;
    return 0;
}

aclError aclrtSynchronizeEvent(aclrtEvent event)
{
    return synchronise(event, -1);
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout)
{
    return synchronise(event, timeout);
}

aclError aclrtEventElapsedTime(float *ms, aclrtEvent startEvent, aclrtEvent endEvent)
{
    const std::shared_ptr<Event> start = events().get(startEvent);
    const std::shared_ptr<Event> end = events().get(endEvent);
    forbid_captured(*start, "elapsed time");
    forbid_captured(*end, "elapsed time");
    if ((start->flags & end->flags & 0x8) == 0) {
        refuse(kRtParameter, "elapsed time takes events created with ACL_EVENT_TIME_LINE");
    }
    if (start->completed == 0 || end->completed == 0) {
        refuse(507006, "elapsed time takes events that are complete: synchronise the stream first");
    }
    *ms = static_cast<float>(static_cast<double>(end->nanoseconds - start->nanoseconds) * 1e-6);
    return 0;
}

aclError aclrtEventGetTimestamp(aclrtEvent handle, uint64_t *timestamp)
{
    const std::shared_ptr<Event> event = events().get(handle);
    forbid_captured(*event, "timestamp");
    *timestamp = event->nanoseconds / 1000;
    return 0;
}

aclError aclrtGetEventId(aclrtEvent event, uint32_t *eventId)
{
    *eventId = events().get(event)->id;
    return 0;
}

aclError aclrtGetEventAvailNum(uint32_t *eventCount)
{
    current_context();
    *eventCount = 65536;
    return 0;
}

} // namespace emu
