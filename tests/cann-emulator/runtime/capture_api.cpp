// The aclmdlRI functions; rules as capture.cpp cites them.
#include <cstdio>
#include <utility>

#include "abi_functions.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"

namespace emu {
aclError aclmdlRICaptureBegin(aclrtStream handle, aclmdlRICaptureMode mode)
{
    if (handle == nullptr) {
        refuse(kCaptureImplicit, "the default stream cannot capture");
    }
    const std::shared_ptr<Stream> stream = stream_of(handle);
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (stream->capture) {
        refuse(kStreamCaptured, "stream %d captures already", stream->id);
    }
    if (mode < ACL_MODEL_RI_CAPTURE_MODE_GLOBAL || mode > ACL_MODEL_RI_CAPTURE_MODE_RELAXED) {
        refuse(kRtParameter, "capture mode %d is none of 0..2", mode);
    }
    static uint32_t next = 1;
    auto capture = std::make_shared<Capture>();
    capture->graph = std::make_shared<Graph>();
    capture->graph->device = stream->device;
    capture->graph->id = next++;
    capture->origin = stream.get();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    open(capture);
    return 0;
}

aclError aclmdlRICaptureEnd(aclrtStream handle, aclmdlRI *modelRI)
{
    const std::shared_ptr<Stream> stream = streams().get(handle);
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) {
        refuse(kStreamNotCaptured, "stream %d does not capture", stream->id);
    }
    if (capture->origin != stream.get()) {
        refuse(cann_at_least(8, 5) ? kCaptureUnmatched : kStreamNotCaptured, "the capture began on stream %d, not on %d", capture->origin->id, stream->id);
    }
    if (capture->thread != std::this_thread::get_id() && capture->mode != ACL_MODEL_RI_CAPTURE_MODE_RELAXED) {
        refuse(cann_at_least(8, 5) ? kCaptureThread : kStreamNotCaptured, "the capture began on another thread");
    }
    close(*capture);
    if (capture->broken != 0) {
        refuse(capture->broken, "a call during the capture made it invalid (%s)", code_name(capture->broken).c_str());
    }
    if (!is_joined(*capture)) {
        refuse(kCaptureUnjoined, "tasks of a side stream come after its last event that the origin stream waits for");
    }
    capture->graph->complete = true;
    *modelRI = graphs().add(capture->graph);
    return 0;
}

aclError aclmdlRICaptureGetInfo(aclrtStream handle, aclmdlRICaptureStatus *status, aclmdlRI *modelRI)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    const std::shared_ptr<Capture> capture = stream->capture;
    *status = !capture ? ACL_MODEL_RI_CAPTURE_STATUS_NONE
        : capture->broken != 0 ? ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED : ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE;
    if (modelRI != nullptr) {
        *modelRI = nullptr;
    }
    return 0;
}

aclError aclmdlRICaptureThreadExchangeMode(aclmdlRICaptureMode *mode)
{
    if (mode == nullptr || *mode < ACL_MODEL_RI_CAPTURE_MODE_GLOBAL || *mode > ACL_MODEL_RI_CAPTURE_MODE_RELAXED) {
        refuse(kRtParameter, "capture mode is none of 0..2");
    }
    std::swap(thread_capture_mode(), *mode);
    return 0;
}

aclError aclmdlRICaptureTaskGrpBegin(aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream->capture) {
        refuse(kStreamNotCaptured, "a task group begins on a stream that captures");
    }
    if (stream->capture->group) {
        refuse(107033, "a task group is open on this capture");
    }
    stream->capture->group = std::make_shared<TaskGroup>();
    stream->capture->group->graph = stream->capture->graph;
    return 0;
}

aclError aclmdlRICaptureTaskGrpEnd(aclrtStream handle, aclrtTaskGrp *group)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    std::lock_guard<std::recursive_mutex> lock(capture_mutex());
    if (!stream->capture || !stream->capture->group) {
        refuse(107033, "no task group is open on this stream");
    }
    *group = task_groups().add(stream->capture->group);
    stream->capture->group.reset();
    return 0;
}

aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream handle, aclrtTaskGrp group)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    forbid_captured(*stream, "a task update");
    stream->updating = task_groups().get(group);
    stream->updated = 0;
    return 0;
}

aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    const std::shared_ptr<TaskGroup> group = stream->updating;
    stream->updating.reset();
    if (!group || stream->updated != group->nodes.size()) {
        refuse(107033, "a task update replaces every task of its group: %zu of %zu came", stream->updated, group ? group->nodes.size() : 0);
    }
    return 0;
}

aclError aclmdlRIExecuteAsync(aclmdlRI model, aclrtStream handle)
{
    const std::shared_ptr<Graph> graph = graphs().get(model);
    const std::shared_ptr<Stream> stream = stream_of(handle);
    forbid_captured(*stream, "replay");
    if (graph->device != stream->device) {
        refuse(kRtStreamContext, "the model was captured on device %d, the stream is of device %d", graph->device->id, stream->device->id);
    }
    stream->submit({"aclmdlRIExecuteAsync", [graph] { graph->replay(); }});
    return 0;
}

aclError aclmdlRIExecute(aclmdlRI model, int32_t timeout)
{
    const std::shared_ptr<Graph> graph = graphs().get(model);
    const std::shared_ptr<Stream> stream = create_stream(current_context(), 0);
    stream->submit({"aclmdlRIExecute", [graph] { graph->replay(); }});
    const int code = stream->wait(timeout);
    streams().remove(stream->token);
    return code;
}

aclError aclmdlRIDestroy(aclmdlRI model)
{
    graphs().remove(model);
    return 0;
}

aclError aclmdlRIDebugPrint(aclmdlRI model)
{
    const std::shared_ptr<Graph> graph = graphs().get(model);
    for (size_t i = 0; i < graph->nodes.size(); i++) {
        std::fprintf(stderr, "%zu %s\n", i, graph->nodes[i].task.name.c_str());
    }
    return 0;
}

aclError aclmdlRISetName(aclmdlRI model, const char *name)
{
    graphs().get(model)->name = name == nullptr ? "" : name;
    return 0;
}

aclError aclmdlRIGetName(aclmdlRI model, uint32_t maxLen, char *name)
{
    std::snprintf(name, maxLen, "%s", graphs().get(model)->name.c_str());
    return 0;
}

aclError aclmdlRIGetId(aclmdlRI model, uint32_t *modelRIId)
{
    *modelRIId = graphs().get(model)->id;
    return 0;
}

} // namespace emu
