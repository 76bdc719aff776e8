// "Memory Management" of the driver API reference: copies and sets, with "API synchronization behavior" for what waits for what.
#include <vector>

#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/memory.h"
#include "core/stream.h"
#include "core/trap.h"

using namespace emu;

namespace {

enum class Side { Device, Host, Either };

struct End {
    uintptr_t address;
    Side side;
};

bool is_pinned(uintptr_t address, size_t count)
{
    memory::Region region;
    return memory::find(address, region) && region.device == memory::kHost && region.holds(address, count);
}

/// What an end is, once it is known to be usable.
Side resolve(const End &end, size_t count, int device, const char *what)
{
    memory::Region region;
    const bool known = memory::find(end.address, region);
    if (end.side == Side::Device || (end.side == Side::Either && known && region.device != memory::kHost)) {
        memory::check(device, end.address, count, CUDA_ERROR_INVALID_VALUE, what);
        return Side::Device;
    }
    if (end.address == 0 || (known && region.device != memory::kHost)) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s is no host memory: %s", what, memory::describe(end.address).c_str());
    }
    if (known && !region.registered && !region.holds(end.address, count)) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s, %zu bytes: %s", what, count, memory::describe(end.address).c_str());
    }
    char first, last;
    const auto *bytes = reinterpret_cast<const char *>(end.address);
    const bool readable = count == 0 || (guarded_copy(&first, bytes, 1) && guarded_copy(&last, bytes + count - 1, 1));
    if (memory::is_reserved(end.address) || !readable) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%s, %zu bytes: %s", what, count, memory::describe(end.address).c_str());
    }
    return Side::Host;
}

void move(int device, uintptr_t to, uintptr_t from, size_t count, bool toDevice, bool fromDevice)
{
    if (toDevice) {
        memory::check(device, to, count, CUDA_ERROR_ILLEGAL_ADDRESS, "destination when the copy ran");
    }
    if (fromDevice) {
        memory::check(device, from, count, CUDA_ERROR_ILLEGAL_ADDRESS, "source when the copy ran");
    }
    if (!guarded_copy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), count)) {
        refuse(CUDA_ERROR_ILLEGAL_ADDRESS, "host memory of %zu bytes cannot be touched: destination 0x%zx, source 0x%zx", count, to, from);
    }
}

Task copy_task(const std::shared_ptr<Device> &device, uintptr_t to, uintptr_t from, size_t count, bool toDevice, bool fromDevice)
{
    return {CU_GRAPH_NODE_TYPE_MEMCPY, "a copy of " + std::to_string(count) + " bytes",
        [=, id = device->id] { move(id, to, from, count, toDevice, fromDevice); }, nullptr};
}

/// A host end that is neither page-locked nor registered goes through a staging buffer: read before the call returns, or written
/// before it returns.
void copy_async(const char *function, End to, End from, size_t count, CUstream handle)
{
    const auto context = current_context();
    const auto stream = stream_of(context, handle);
    const int device = stream->device->id;
    const bool toDevice = resolve(to, count, device, "the destination") == Side::Device;
    const bool fromDevice = resolve(from, count, device, "the source") == Side::Device;
    if (count == 0) {
        return;
    }
    const bool pageableSource = !fromDevice && !is_pinned(from.address, count);
    const bool pageableTarget = !toDevice && !is_pinned(to.address, count);
    if (pageableSource || pageableTarget) {
        forbid_captured(*stream, "a copy with pageable host memory");
    }
    if (pageableSource && toDevice) {
        auto staged = std::make_shared<std::vector<unsigned char>>(count);
        if (!guarded_copy(staged->data(), reinterpret_cast<const void *>(from.address), count)) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%s: the source 0x%zx cannot be read", function, from.address);
        }
        stream->submit({CU_GRAPH_NODE_TYPE_MEMCPY, "a copy of " + std::to_string(count) + " bytes",
            [=, target = to.address] { move(device, target, reinterpret_cast<uintptr_t>(staged->data()), count, true, false); }, nullptr});
        return;
    }
    stream->submit(copy_task(stream->device, to.address, from.address, count, toDevice, fromDevice));
    if (pageableTarget || pageableSource) {
        stream->last().wait();
        stream->device->require_healthy();
    }
}

void copy_now(const char *function, End to, End from, size_t count)
{
    const auto context = current_context();
    forbid_unsafe(function);
    const auto stream = stream_of(context, nullptr);
    const int device = context->device->id;
    const bool toDevice = resolve(to, count, device, "the destination") == Side::Device;
    const bool fromDevice = resolve(from, count, device, "the source") == Side::Device;
    if (count == 0) {
        return;
    }
    stream->submit(copy_task(context->device, to.address, from.address, count, toDevice, fromDevice));
    stream->last().wait();
    context->device->require_healthy();
}

template <class Value>
void set(const char *function, CUdeviceptr address, Value value, size_t count, CUstream handle, bool now)
{
    const auto context = current_context();
    if (now) {
        forbid_unsafe(function);
    }
    const auto stream = stream_of(context, handle);
    if (address % sizeof(Value) != 0 || count > SIZE_MAX / sizeof(Value)) {
        refuse(CUDA_ERROR_INVALID_VALUE, "%zu elements of %zu bytes at 0x%llx", count, sizeof(Value), address);
    }
    memory::check(stream->device->id, address, count * sizeof(Value), CUDA_ERROR_INVALID_VALUE, "the destination");
    if (count == 0) {
        return;
    }
    stream->submit({CU_GRAPH_NODE_TYPE_MEMSET, "a memset",
        [=, device = stream->device->id] {
            memory::check(device, address, count * sizeof(Value), CUDA_ERROR_ILLEGAL_ADDRESS, "destination when the memset ran");
            guarded_fill(reinterpret_cast<void *>(static_cast<uintptr_t>(address)), &value, sizeof(Value), count);
        },
        nullptr});
    if (now) {
        stream->last().wait();
        context->device->require_healthy();
    }
}

End device(CUdeviceptr address)
{
    return {static_cast<uintptr_t>(address), Side::Device};
}

End host(const void *address)
{
    return {reinterpret_cast<uintptr_t>(address), Side::Host};
}

End either(CUdeviceptr address)
{
    return {static_cast<uintptr_t>(address), Side::Either};
}

/// Copies between devices go without peer access: each end is checked on its own device.
void copy_peer(CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext, size_t count, CUstream handle, bool now)
{
    const auto context = current_context();
    const auto target = contexts().get(toContext);
    const auto source = contexts().get(fromContext);
    if (now) {
        forbid_unsafe("cuMemcpyPeer");
    }
    const auto stream = stream_of(context, handle);
    memory::check(target->device->id, to, count, CUDA_ERROR_INVALID_VALUE, "the destination");
    memory::check(source->device->id, from, count, CUDA_ERROR_INVALID_VALUE, "the source");
    stream->submit({CU_GRAPH_NODE_TYPE_MEMCPY, "a copy between devices",
        [=] {
            memory::check(target->device->id, to, count, CUDA_ERROR_ILLEGAL_ADDRESS, "destination when the copy ran");
            memory::check(source->device->id, from, count, CUDA_ERROR_ILLEGAL_ADDRESS, "source when the copy ran");
            guarded_copy(reinterpret_cast<void *>(static_cast<uintptr_t>(to)), reinterpret_cast<const void *>(static_cast<uintptr_t>(from)), count);
        },
        nullptr});
    if (now) {
        stream->last().wait();
        context->device->require_healthy();
    }
}

} // namespace

#define CUDA_EMULATOR_COPY(name, to, from) \
    return enter(#name, [=] { copy_now(#name, to, from, count); })
#define CUDA_EMULATOR_COPY_ASYNC(name, to, from) \
    return enter(#name, [=] { copy_async(#name, to, from, count, stream); })

CUDA_EXPORT CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t count) { CUDA_EMULATOR_COPY(cuMemcpy, either(to), either(from)); }
CUDA_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t count) { CUDA_EMULATOR_COPY(cuMemcpyHtoD_v2, device(to), host(from)); }
CUDA_EXPORT CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t count) { CUDA_EMULATOR_COPY(cuMemcpyDtoH_v2, host(to), device(from)); }
CUDA_EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t count) { CUDA_EMULATOR_COPY(cuMemcpyDtoD_v2, device(to), device(from)); }
CUDA_EXPORT CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t count, CUstream stream)
{
    CUDA_EMULATOR_COPY_ASYNC(cuMemcpyAsync, either(to), either(from));
}
CUDA_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t count, CUstream stream)
{
    CUDA_EMULATOR_COPY_ASYNC(cuMemcpyHtoDAsync_v2, device(to), host(from));
}
CUDA_EXPORT CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t count, CUstream stream)
{
    CUDA_EMULATOR_COPY_ASYNC(cuMemcpyDtoHAsync_v2, host(to), device(from));
}
CUDA_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t count, CUstream stream)
{
    CUDA_EMULATOR_COPY_ASYNC(cuMemcpyDtoDAsync_v2, device(to), device(from));
}
CUDA_EXPORT CUresult cuMemcpyPeer(CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext, size_t count)
{
    return enter("cuMemcpyPeer", [=] { copy_peer(to, toContext, from, fromContext, count, nullptr, true); });
}
CUDA_EXPORT CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext, size_t count, CUstream stream)
{
    return enter("cuMemcpyPeerAsync", [=] { copy_peer(to, toContext, from, fromContext, count, stream, false); });
}

#define CUDA_EMULATOR_SET(bits, type) \
    CUDA_EXPORT CUresult cuMemsetD##bits##_v2(CUdeviceptr to, type value, size_t count) \
    { \
        return enter("cuMemsetD" #bits "_v2", [=] { set("cuMemsetD" #bits "_v2", to, value, count, nullptr, true); }); \
    } \
    CUDA_EXPORT CUresult cuMemsetD##bits##Async(CUdeviceptr to, type value, size_t count, CUstream stream) \
    { \
        return enter("cuMemsetD" #bits "Async", [=] { set("cuMemsetD" #bits "Async", to, value, count, stream, false); }); \
    }
CUDA_EMULATOR_SET(8, unsigned char)
CUDA_EMULATOR_SET(16, unsigned short)
CUDA_EMULATOR_SET(32, unsigned)
