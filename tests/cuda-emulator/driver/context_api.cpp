// "Primary Context Management" and "Context Management" of the driver API reference.
#include <algorithm>

#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/stream.h"

using namespace emu;

namespace {

void make_current(const std::shared_ptr<Context> &context)
{
    auto &stack = context_stack();
    if (!stack.empty()) {
        stack.pop_back();
    }
    if (context) {
        stack.push_back(context);
    }
}

CUcontext token_of(const std::shared_ptr<Context> &context)
{
    return context ? static_cast<CUcontext>(context->token) : nullptr;
}

void release_primary(Device &device, bool all)
{
    std::shared_ptr<Context> ended;
    {
        std::lock_guard<std::mutex> lock(device.mutex);
        if (device.retained == 0 && !all) {
            refuse(CUDA_ERROR_INVALID_CONTEXT, "the primary context of device %d is not retained", device.id);
        }
        device.retained = all ? 0 : device.retained - 1;
        if (device.retained == 0) {
            ended = std::move(device.primary);
            device.primary = nullptr;
        }
    }
    if (ended) {
        end_context(ended);
    }
}

} // namespace

CUDA_EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice id)
{
    return enter("cuDevicePrimaryCtxRetain", [=] {
        require(context, "pctx");
        const auto device = device_at(id);
        device->require_healthy();
        std::lock_guard<std::mutex> lock(device->mutex);
        if (!device->primary) {
            device->primary = create_context(device, device->primaryFlags, true);
        }
        device->retained++;
        *context = token_of(device->primary);
    });
}

CUDA_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice id)
{
    return enter("cuDevicePrimaryCtxRelease_v2", [=] { release_primary(*device_at(id), false); });
}

CUDA_EXPORT CUresult cuDevicePrimaryCtxReset_v2(CUdevice id)
{
    return enter("cuDevicePrimaryCtxReset_v2", [=] { release_primary(*device_at(id), true); });
}

CUDA_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice id, unsigned *flags, int *active)
{
    return enter("cuDevicePrimaryCtxGetState", [=] {
        require(flags, "flags");
        require(active, "active");
        const auto device = device_at(id);
        std::lock_guard<std::mutex> lock(device->mutex);
        *flags = device->primaryFlags;
        *active = device->primary ? 1 : 0;
    });
}

CUDA_EXPORT CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice id, unsigned flags)
{
    return enter("cuDevicePrimaryCtxSetFlags_v2", [=] {
        const auto device = device_at(id);
        std::lock_guard<std::mutex> lock(device->mutex);
        device->primaryFlags = flags;
    });
}

CUDA_EXPORT CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice id)
{
    return enter("cuCtxCreate_v2", [=] {
        require(context, "pctx");
        const auto device = device_at(id);
        device->require_healthy();
        context_stack().push_back(create_context(device, flags, false));
        *context = token_of(context_stack().back());
    });
}

CUDA_EXPORT CUresult cuCtxDestroy_v2(CUcontext handle)
{
    return enter("cuCtxDestroy_v2", [=] {
        const auto context = contexts().get(handle);
        if (context->primary) {
            refuse(CUDA_ERROR_INVALID_CONTEXT, "a primary context is released, not destroyed");
        }
        auto &stack = context_stack();
        stack.erase(std::remove(stack.begin(), stack.end(), context), stack.end());
        end_context(context);
    });
}

CUDA_EXPORT CUresult cuCtxSetCurrent(CUcontext handle)
{
    return enter("cuCtxSetCurrent", [=] {
        require_initialised();
        make_current(handle != nullptr ? contexts().get(handle) : nullptr);
    });
}

CUDA_EXPORT CUresult cuCtxGetCurrent(CUcontext *handle)
{
    return enter("cuCtxGetCurrent", [=] {
        require_initialised();
        require(handle, "pctx");
        *handle = token_of(current_context_or_null());
    });
}

CUDA_EXPORT CUresult cuCtxPushCurrent_v2(CUcontext handle)
{
    return enter("cuCtxPushCurrent_v2", [=] { context_stack().push_back(contexts().get(handle)); });
}

CUDA_EXPORT CUresult cuCtxPopCurrent_v2(CUcontext *handle)
{
    return enter("cuCtxPopCurrent_v2", [=] {
        const auto context = current_context_any_health();
        context_stack().pop_back();
        if (handle != nullptr) {
            *handle = token_of(context);
        }
    });
}

CUDA_EXPORT CUresult cuCtxGetDevice(CUdevice *device)
{
    return enter("cuCtxGetDevice", [=] {
        require(device, "device");
        *device = current_context_any_health()->device->id;
    });
}

CUDA_EXPORT CUresult cuCtxGetApiVersion(CUcontext handle, unsigned *version)
{
    return enter("cuCtxGetApiVersion", [=] {
        require(version, "version");
        if (handle != nullptr) {
            contexts().get(handle);
        }
        *version = 3020;
    });
}

CUDA_EXPORT CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest)
{
    return enter("cuCtxGetStreamPriorityRange", [=] {
        current_context();
        if (least != nullptr) {
            *least = 0;
        }
        if (greatest != nullptr) {
            *greatest = -5;
        }
    });
}

CUDA_EXPORT CUresult cuCtxSynchronize()
{
    return enter("cuCtxSynchronize", [=] {
        const auto context = current_context();
        forbid_capture_in(*context, "synchronisation");
        forbid_unsafe("cuCtxSynchronize");
        for (const auto &stream : context->live_streams()) {
            stream->wait_all();
        }
        context->legacy->wait_all();
        context->device->require_healthy();
    });
}
