// "Stream Management" and "Event Management" of the driver API reference.
#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/event.h"

using namespace emu;

namespace {

std::shared_ptr<Stream> own_stream(CUstream handle)
{
    return stream_of(current_context(), handle);
}

void create(CUstream *stream, unsigned flags, int priority)
{
    require(stream, "phStream");
    const auto context = current_context();
    if (flags > 1) {
        refuse(CUDA_ERROR_INVALID_VALUE, "stream flags 0x%x", flags);
    }
    const StreamKind kind = flags == 1 ? StreamKind::NonBlocking : StreamKind::Blocking;
    *stream = static_cast<CUstream>(create_stream(context, kind, priority)->token);
}

} // namespace

CUDA_EXPORT CUresult cuStreamCreate(CUstream *stream, unsigned flags)
{
    return enter("cuStreamCreate", [=] { create(stream, flags, 0); });
}

CUDA_EXPORT CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority)
{
    return enter("cuStreamCreateWithPriority", [=] { create(stream, flags, std::max(-5, std::min(0, priority))); });
}

CUDA_EXPORT CUresult cuStreamDestroy_v2(CUstream handle)
{
    return enter("cuStreamDestroy_v2", [=] {
        current_context_any_health();
        if (reinterpret_cast<uintptr_t>(handle) <= 2) {
            refuse(CUDA_ERROR_INVALID_HANDLE, "a default stream cannot be destroyed");
        }
        const auto stream = streams().get(handle);
        forbid_captured(*stream, "destruction");
        streams().remove(handle);
    });
}

CUDA_EXPORT CUresult cuStreamSynchronize(CUstream handle)
{
    return enter("cuStreamSynchronize", [=] {
        const auto stream = own_stream(handle);
        forbid_captured(*stream, "synchronisation");
        stream->wait_all();
        stream->device->require_healthy();
    });
}

CUDA_EXPORT CUresult cuStreamQuery(CUstream handle)
{
    return enter("cuStreamQuery", [=] {
        const auto stream = own_stream(handle);
        forbid_captured(*stream, "a query");
        const Ticket tail = stream->tail();
        // A query is how a poller waits: it counts as demand, or a lazily scheduled stream would never end.
        stream->demand_all();
        if (!tail.is_done()) {
            refuse(CUDA_ERROR_NOT_READY, "work is left");
        }
        stream->device->require_healthy();
    });
}

CUDA_EXPORT CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned flags)
{
    return enter("cuStreamWaitEvent", [=] {
        if (flags > 1) {
            refuse(CUDA_ERROR_INVALID_VALUE, "wait flags 0x%x", flags);
        }
        const auto stream = own_stream(handle);
        wait_event(*stream, *events().get(event));
    });
}

CUDA_EXPORT CUresult cuStreamGetFlags(CUstream handle, unsigned *flags)
{
    return enter("cuStreamGetFlags", [=] {
        require(flags, "flags");
        *flags = own_stream(handle)->kind == StreamKind::NonBlocking ? 1 : 0;
    });
}

CUDA_EXPORT CUresult cuStreamGetPriority(CUstream handle, int *priority)
{
    return enter("cuStreamGetPriority", [=] {
        require(priority, "priority");
        *priority = own_stream(handle)->priority;
    });
}

CUDA_EXPORT CUresult cuStreamGetCtx(CUstream handle, CUcontext *context)
{
    return enter("cuStreamGetCtx", [=] {
        require(context, "pctx");
        const auto owner = own_stream(handle)->context.lock();
        *context = owner ? static_cast<CUcontext>(owner->token) : nullptr;
    });
}

CUDA_EXPORT CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void *data)
{
    return enter("cuLaunchHostFunc", [=] {
        if (function == nullptr) {
            refuse(CUDA_ERROR_INVALID_VALUE, "fn is null");
        }
        own_stream(handle)->submit({CU_GRAPH_NODE_TYPE_HOST, "a host function", [=] { function(data); }, nullptr});
    });
}

CUDA_EXPORT CUresult cuStreamAddCallback(CUstream handle, CUstreamCallback callback, void *data, unsigned flags)
{
    return enter("cuStreamAddCallback", [=] {
        if (callback == nullptr || flags != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "no callback, or flags");
        }
        const auto stream = own_stream(handle);
        forbid_captured(*stream, "a callback");
        stream->submit({CU_GRAPH_NODE_TYPE_HOST, "a callback",
            [=, device = stream->device] { callback(handle, static_cast<CUresult>(device->current_fault()), data); }, nullptr});
    });
}

CUDA_EXPORT CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode)
{
    return enter("cuStreamBeginCapture_v2", [=] {
        if (static_cast<int>(mode) < 0 || static_cast<int>(mode) > 2) {
            refuse(CUDA_ERROR_INVALID_VALUE, "capture mode %d", static_cast<int>(mode));
        }
        begin_capture(*own_stream(handle), mode);
    });
}

CUDA_EXPORT CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph)
{
    return enter("cuStreamEndCapture", [=] {
        require(graph, "phGraph");
        *graph = nullptr;
        *graph = static_cast<CUgraph>(graphs().add(end_capture(*own_stream(handle))));
    });
}

CUDA_EXPORT CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status)
{
    return enter("cuStreamIsCapturing", [=] {
        require(status, "captureStatus");
        *status = capture_status(*own_stream(handle), nullptr);
    });
}

CUDA_EXPORT CUresult cuStreamGetCaptureInfo_v2(CUstream handle, CUstreamCaptureStatus *status, uint64_t *id, CUgraph *graph,
    const CUgraphNode **dependencies, size_t *count)
{
    return enter("cuStreamGetCaptureInfo_v2", [=] {
        require(status, "captureStatus_out");
        if (graph != nullptr || dependencies != nullptr || count != nullptr) {
            refuse(CUDA_ERROR_NOT_SUPPORTED, "the emulator tells a capture's status and id, not its graph");
        }
        *status = capture_status(*own_stream(handle), id);
    });
}

CUDA_EXPORT CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode)
{
    return enter("cuThreadExchangeStreamCaptureMode", [=] {
        require(mode, "mode");
        if (static_cast<int>(*mode) < 0 || static_cast<int>(*mode) > 2) {
            refuse(CUDA_ERROR_INVALID_VALUE, "capture mode %d", static_cast<int>(*mode));
        }
        std::swap(*mode, thread_capture_mode());
    });
}

CUDA_EXPORT CUresult cuEventCreate(CUevent *handle, unsigned flags)
{
    return enter("cuEventCreate", [=] {
        require(handle, "phEvent");
        const auto context = current_context();
        if (flags > 7 || (flags & 6) == 4) {
            refuse(CUDA_ERROR_INVALID_VALUE, "event flags 0x%x", flags);
        }
        auto event = std::make_shared<Event>();
        event->flags = flags;
        event->device = context->device;
        *handle = static_cast<CUevent>(events().add(event));
    });
}

CUDA_EXPORT CUresult cuEventDestroy_v2(CUevent handle)
{
    return enter("cuEventDestroy_v2", [=] {
        current_context_any_health();
        events().remove(handle);
    });
}

CUDA_EXPORT CUresult cuEventRecord(CUevent handle, CUstream stream)
{
    return enter("cuEventRecord", [=] {
        const auto event = events().get(handle);
        record_event(event, *own_stream(stream));
    });
}

CUDA_EXPORT CUresult cuEventRecordWithFlags(CUevent handle, CUstream stream, unsigned flags)
{
    return enter("cuEventRecordWithFlags", [=] {
        if (flags != 0) {
            refuse(flags == 1 ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE, "the emulator records no external event nodes");
        }
        const auto event = events().get(handle);
        record_event(event, *own_stream(stream));
    });
}

static std::shared_ptr<Mark> mark_of(Event &event, const char *what)
{
    std::lock_guard<std::mutex> lock(event.mutex);
    if (event.captured) {
        if (const auto capture = event.capture.lock(); capture && capture->active) {
            capture->broken = true;
        }
        refuse(CUDA_ERROR_CAPTURED_EVENT, "%s of an event that was last recorded in a capture", what);
    }
    return event.mark;
}

CUDA_EXPORT CUresult cuEventSynchronize(CUevent handle)
{
    return enter("cuEventSynchronize", [=] {
        const auto context = current_context();
        const auto event = events().get(handle);
        const auto mark = mark_of(*event, "synchronisation");
        forbid_unsafe("cuEventSynchronize");
        if (mark) {
            mark->ticket.wait();
        }
        event->device->require_healthy();
    });
}

CUDA_EXPORT CUresult cuEventQuery(CUevent handle)
{
    return enter("cuEventQuery", [=] {
        const auto context = current_context();
        const auto event = events().get(handle);
        const auto mark = mark_of(*event, "a query");
        forbid_unsafe("cuEventQuery");
        if (mark && !mark->ticket.is_done()) {
            if (const auto stream = mark->ticket.stream.lock()) {
                stream->demand(mark->ticket.number);
            }
            refuse(CUDA_ERROR_NOT_READY, "the event has not happened");
        }
        event->device->require_healthy();
    });
}

CUDA_EXPORT CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end)
{
    return enter("cuEventElapsedTime", [=] {
        require(milliseconds, "pMilliseconds");
        current_context();
        const auto first = events().get(start), second = events().get(end);
        if (!first->has_timing() || !second->has_timing()) {
            refuse(CUDA_ERROR_INVALID_HANDLE, "an event without timing");
        }
        const auto begun = mark_of(*first, "timing"), ended = mark_of(*second, "timing");
        if (!begun || !ended) {
            refuse(CUDA_ERROR_INVALID_HANDLE, "an event that was never recorded");
        }
        if (!begun->done || !ended->done) {
            refuse(CUDA_ERROR_NOT_READY, "an event has not happened");
        }
        *milliseconds = std::chrono::duration<float, std::milli>(ended->time - begun->time).count();
    });
}
