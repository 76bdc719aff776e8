// Rules: "memory management" of the runtime's API reference: allocation, host memory, copies and sets.
#include <cstring>

#include "abi_functions.h"
#include "runtime/capture.h"
#include "runtime/codes.h"
#include "runtime/device.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"
#include "runtime/settings.h"
#include "runtime/stream.h"

namespace emu {

namespace {

constexpr size_t kPage = 4096;

aclError allocate(void **devPtr, size_t size)
{
    if (devPtr == nullptr || size == 0) {
        refuse(kInvalidParameter, "devPtr is null or size is 0");
    }
    const std::shared_ptr<Context> context = current_context();
    context->device->check();
    *devPtr = reinterpret_cast<void *>(device_memory::allocate(context->device->id, size));
    return 0;
}

uintptr_t address_of(const void *pointer)
{
    return reinterpret_cast<uintptr_t>(pointer);
}

bool is_device(const void *pointer)
{
    return device_memory::contains(address_of(pointer));
}

std::byte *host_view(const void *pointer)
{
    return is_device(pointer) ? device_memory::bytes(address_of(pointer)) : static_cast<std::byte *>(const_cast<void *>(pointer));
}

struct Ends {
    bool fromDevice;
    bool toDevice;
};

/// Checks sizes, liveness and direction of a copy. The newest reference lets the kind be ignored by the synchronous copy; older versions
/// do not, so that a kind which names the wrong ends is refused on every profile.
Ends check_copy(const void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind, int device, bool kindCounts)
{
    if (dst == nullptr || src == nullptr || count == 0 || count > destMax) {
        refuse(kRtParameter, "copy of %zu bytes from %p to %p with room for %zu", count, src, dst, destMax);
    }
    const Ends ends = {is_device(src), is_device(dst)};
    if (ends.fromDevice) {
        device_memory::check(device, address_of(src), count, kRtParameter, "the copy's source");
    }
    if (ends.toDevice) {
        device_memory::check(device, address_of(dst), count, kRtParameter, "the copy's destination");
    }
    static const Ends kEnds[] = {{false, false}, {false, true}, {true, false}, {true, true}};
    if (kind < ACL_MEMCPY_HOST_TO_HOST || kind > ACL_MEMCPY_INTER_DEVICE_TO_DEVICE) {
        refuse(kRtParameter, "copy kind %d is none of 0..7", kind);
    }
    if (kind <= ACL_MEMCPY_DEVICE_TO_DEVICE && kindCounts && (kEnds[kind].fromDevice != ends.fromDevice || kEnds[kind].toDevice != ends.toDevice)) {
        refuse(kRtParameter, "copy kind %d does not fit: source is %s memory, destination is %s memory", kind,
            ends.fromDevice ? "device" : "host", ends.toDevice ? "device" : "host");
    }
    return ends;
}

} // namespace

aclError aclrtMalloc(void **devPtr, size_t size, aclrtMemMallocPolicy)
{
    return allocate(devPtr, size);
}

aclError aclrtMallocAlign32(void **devPtr, size_t size, aclrtMemMallocPolicy)
{
    return allocate(devPtr, size);
}

aclError aclrtMallocCached(void **devPtr, size_t size, aclrtMemMallocPolicy)
{
    return allocate(devPtr, size);
}

aclError aclrtMallocWithCfg(void **devPtr, size_t size, aclrtMemMallocPolicy, aclrtMallocConfig *)
{
    return allocate(devPtr, size);
}

aclError aclrtFree(void *devPtr)
{
    current_context();
    device_memory::release(address_of(devPtr));
    return 0;
}

aclError aclrtFreeWithDevSync(void *devPtr)
{
    aclrtSynchronizeDevice();
    return aclrtFree(devPtr);
}

aclError aclrtMallocHost(void **hostPtr, size_t size)
{
    if (hostPtr == nullptr || size == 0) {
        refuse(kInvalidParameter, "hostPtr is null or size is 0");
    }
    current_context();
    *hostPtr = pinned_memory::allocate(size);
    return 0;
}

aclError aclrtMallocHostWithCfg(void **ptr, uint64_t size, aclrtMallocConfig *)
{
    return aclrtMallocHost(ptr, size);
}

aclError aclrtFreeHost(void *hostPtr)
{
    pinned_memory::release(hostPtr);
    return 0;
}

aclError aclrtFreeHostWithDevSync(void *hostPtr)
{
    aclrtSynchronizeDevice();
    return aclrtFreeHost(hostPtr);
}

aclError aclrtHostRegister(void *ptr, uint64_t size, aclrtHostRegisterType, void **devPtr)
{
    pinned_memory::announce(ptr, size);
    if (devPtr != nullptr) {
        *devPtr = ptr;
    }
    return 0;
}

aclError aclrtHostRegisterV2(void *ptr, uint64_t size, uint32_t)
{
    pinned_memory::announce(ptr, size);
    return 0;
}

aclError aclrtHostUnregister(void *ptr)
{
    pinned_memory::withdraw(ptr);
    return 0;
}

aclError aclrtMemset(void *devPtr, size_t maxCount, int32_t value, size_t count)
{
    forbid_unsafe("aclrtMemset", kCaptureMode);
    const std::shared_ptr<Context> context = current_context();
    context->device->check();
    if (devPtr == nullptr || count > maxCount) {
        refuse(kRtParameter, "set of %zu bytes at %p with room for %zu", count, devPtr, maxCount);
    }
    if (!is_device(devPtr)) {
        std::memset(devPtr, value, count);
        return 0;
    }
    device_memory::check(context->device->id, address_of(devPtr), count, kRtParameter, "the memory to set");
    device_memory::set(address_of(devPtr), value, count);
    return 0;
}

aclError aclrtMemsetAsync(void *devPtr, size_t maxCount, int32_t value, size_t count, aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    if (devPtr == nullptr || count > maxCount) {
        refuse(kRtParameter, "set of %zu bytes at %p with room for %zu", count, devPtr, maxCount);
    }
    const int device = stream->device->id;
    device_memory::check(device, address_of(devPtr), count, kRtParameter, "the memory to set");
    stream->submit({"aclrtMemsetAsync", [=] {
        device_memory::check(device, address_of(devPtr), count, kAicoreException, "the memory to set");
        device_memory::set(address_of(devPtr), value, count);
    }});
    return 0;
}

aclError aclrtMemcpy(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind)
{
    forbid_unsafe("aclrtMemcpy", kCaptureMode);
    const std::shared_ptr<Context> context = current_context();
    context->device->check();
    check_copy(dst, destMax, src, count, kind, context->device->id, true);
    std::memmove(host_view(dst), host_view(src), count);
    return 0;
}

aclError aclrtMemcpyAsync(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind, aclrtStream handle)
{
    const std::shared_ptr<Stream> stream = stream_of(handle);
    const int device = stream->device->id;
    const Ends ends = check_copy(dst, destMax, src, count, kind, device, true);
    if (!ends.fromDevice && !ends.toDevice) {
        refuse(kRtFeature, "an asynchronous copy from host to host is not supported");
    }
    const void *host = ends.fromDevice ? dst : src;
    if (ends.fromDevice != ends.toDevice && !pinned_memory::covers(host, count)) {
        if (is_capturing(*stream)) {
            refuse(kRtParameter, "host memory %p is not page-locked: a capture takes only memory of aclrtMallocHost", host);
        }
        forbid_unsafe("aclrtMemcpyAsync on pageable memory", cann_at_least(8, 5) ? kCaptureBlockAsync : kCaptureMode);
        if (!settings().allowUnpinned) {
            refuse(kRtMemoryType, "host memory %p is not page-locked: use aclrtMallocHost or aclrtHostRegister", host);
        }
        stream->wait(-1);
        stream->device->check();
        std::memmove(host_view(dst), host_view(src), count);
        return 0;
    }
    stream->submit({"aclrtMemcpyAsync", [=] {
        if (is_device(src)) {
            device_memory::check(device, address_of(src), count, kAicoreException, "the copy's source");
        }
        if (is_device(dst)) {
            device_memory::check(device, address_of(dst), count, kAicoreException, "the copy's destination");
        }
        if ((ends.fromDevice != ends.toDevice) && !pinned_memory::covers(host, count)) {
            refuse(kAicoreException, "host memory %p was freed before the copy ran", host);
        }
        std::memmove(host_view(dst), host_view(src), count);
    }});
    return 0;
}

aclError aclrtMemcpy2d(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height, aclrtMemcpyKind kind)
{
    forbid_unsafe("aclrtMemcpy2d", kCaptureMode);
    if (width > dpitch || width > spitch) {
        refuse(kRtParameter, "rows of %zu bytes do not fit pitches %zu and %zu", width, dpitch, spitch);
    }
    const int device = current_context()->device->id;
    for (size_t row = 0; row < height; row++) {
        void *to = static_cast<std::byte *>(dst) + row * dpitch;
        const void *from = static_cast<const std::byte *>(src) + row * spitch;
        check_copy(to, width, from, width, kind, device, true);
        std::memmove(host_view(to), host_view(from), width);
    }
    return 0;
}

aclError aclrtMemcpy2dAsync(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height, aclrtMemcpyKind kind,
    aclrtStream handle)
{
    if (width > dpitch || width > spitch) {
        refuse(kRtParameter, "rows of %zu bytes do not fit pitches %zu and %zu", width, dpitch, spitch);
    }
    for (size_t row = 0; row < height; row++) {
        aclrtMemcpyAsync(static_cast<std::byte *>(dst) + row * dpitch, width, static_cast<const std::byte *>(src) + row * spitch, width, kind, handle);
    }
    return 0;
}

aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *free, size_t *total)
{
    const int device = current_context()->device->id;
    if (attr != ACL_HBM_MEM && attr != ACL_HBM_MEM_HUGE && attr != ACL_HBM_MEM_NORMAL) {
        *free = *total = 0;
        return 0;
    }
    *total = device_memory::capacity(device);
    *free = *total - device_memory::used(device);
    return 0;
}

aclError aclrtPointerGetAttributes(const void *ptr, aclrtPtrAttributes *attributes)
{
    std::memset(attributes, 0, sizeof(*attributes));
    const int device = device_memory::device_of(address_of(ptr));
    attributes->location.type = device >= 0 ? ACL_MEM_LOCATION_TYPE_DEVICE
        : pinned_memory::covers(ptr, 1) ? ACL_MEM_LOCATION_TYPE_HOST : ACL_MEM_LOCATION_TYPE_UNREGISTERED;
    attributes->location.id = device >= 0 ? static_cast<uint32_t>(device) : 0;
    attributes->pageSize = kPage;
    return 0;
}

aclError aclrtMemFlush(void *, size_t)
{
    return 0;
}

aclError aclrtMemInvalidate(void *, size_t)
{
    return 0;
}

} // namespace emu
