// Rules: "stream management" and "execution control" of the runtime's API reference.
#include "abi_functions.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/refusal.h"
#include "runtime/stream.h"

namespace emu {

namespace {

aclError create(aclrtStream *stream, uint32_t flags)
{
    if (stream == nullptr) {
        refuse(kInvalidParameter, "stream is null");
    }
    const std::shared_ptr<Context> context = current_context();
    context->device->check();
    *stream = create_stream(context, flags)->token;
    return 0;
}

aclError synchronise(aclrtStream handle, int milliseconds)
{
    if (milliseconds == 0 || milliseconds < -1) {
        refuse(kRtParameter, "a timeout is -1 or positive milliseconds, not %d", milliseconds);
    }
    const std::shared_ptr<Stream> stream = stream_of(handle);
    forbid_captured(*stream, "synchronisation");
    if (stream->wait(milliseconds) == kStreamSyncTimeout) {
        refuse(kStreamSyncTimeout, "stream %d did not finish within %d ms", stream->id, milliseconds);
    }
    stream->device->check();
    return 0;
}

} // namespace

aclError aclrtCreateStream(aclrtStream *stream)
{
    return create(stream, 0);
}

aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t, uint32_t flag)
{
    return create(stream, flag);
}

aclError aclrtDestroyStream(aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = streams().get(handle);
    forbid_captured(*stream, "destruction");
    if (stream->context.lock() != current_context()) {
        refuse(kRtStreamContext, "stream %d belongs to another context than this thread's", stream->id);
    }
    stream->wait(-1);
    streams().remove(handle);
    return 0;
}

aclError aclrtDestroyStreamForce(aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = streams().get(handle);
    stream->drop();
    stream->wait(-1);
    streams().remove(handle);
    return 0;
}

aclError aclrtSynchronizeStream(aclrtStream stream)
{
    return synchronise(stream, -1);
}

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout)
{
    return synchronise(stream, timeout);
}

aclError aclrtStreamQuery(aclrtStream handle, aclrtStreamStatus *status)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    forbid_captured(*stream, "query");
    *status = stream->idle() ? ACL_STREAM_STATUS_COMPLETE : ACL_STREAM_STATUS_NOT_READY;
    return 0;
}

aclError aclrtStreamAbort(aclrtStream handle)
{
    streams().get(handle)->drop();
    return 0;
}

aclError aclrtSetStreamFailureMode(aclrtStream handle, uint64_t mode)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    if (mode > 1) {
        refuse(kRtParameter, "failure mode %llu is none of 0, 1", static_cast<unsigned long long>(mode));
    }
    stream->failureMode = mode;
    return 0;
}

aclError aclrtStreamGetId(aclrtStream stream, int32_t *streamId)
{
    *streamId = stream_of(stream)->id;
    return 0;
}

aclError aclrtStreamGetPriority(aclrtStream stream, uint32_t *priority)
{
    stream_of(stream);
    *priority = 0;
    return 0;
}

aclError aclrtStreamGetFlags(aclrtStream stream, uint32_t *flags)
{
    *flags = stream_of(stream)->flags;
    return 0;
}

aclError aclrtGetStreamAvailableNum(uint32_t *streamCount)
{
    *streamCount = static_cast<uint32_t>(kStreamsPerDevice - current_context()->device->streams);
    return 0;
}

aclError aclrtLaunchHostFunc(aclrtStream handle, aclrtHostFunc fn, void *args)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    if (fn == nullptr) {
        refuse(kRtParameter, "fn is null");
    }
    stream->submit({"aclrtLaunchHostFunc", [fn, args] { fn(args); }});
    return 0;
}

aclError aclrtSetOpWaitTimeout(uint32_t)
{
    return 0;
}

aclError aclrtSetOpExecuteTimeOut(uint32_t)
{
    return 0;
}

aclError aclrtSetOpExecuteTimeOutWithMs(uint32_t)
{
    return 0;
}

} // namespace emu
