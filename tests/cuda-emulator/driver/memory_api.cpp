// "Memory Management" and "Stream Ordered Memory Allocator" of the driver API reference: allocation.
#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/fault.h"
#include "core/memory.h"
#include "core/stream.h"

using namespace emu;

namespace {

/// The only pool of a device: its default one.
constexpr uintptr_t kPool = uintptr_t{10} << 40;

CUmemoryPool pool_of(int device)
{
    return reinterpret_cast<CUmemoryPool>(kPool + 16 * static_cast<uintptr_t>(device));
}

void require_pool(CUmemoryPool pool)
{
    const uintptr_t number = (reinterpret_cast<uintptr_t>(pool) - kPool) / 16;
    if (reinterpret_cast<uintptr_t>(pool) < kPool || number >= static_cast<uintptr_t>(device_count()) || pool_of(static_cast<int>(number)) != pool) {
        refuse(CUDA_ERROR_INVALID_VALUE, "no such memory pool");
    }
}

uintptr_t allocate(const Context &context, size_t size, bool pool)
{
    if (size == 0) {
        refuse(CUDA_ERROR_INVALID_VALUE, "an allocation of 0 bytes");
    }
    if (const int code = faults::take("alloc")) {
        refuse(code, "ordered fault");
    }
    return memory::allocate(context.device->id, size, pool);
}

void wait_for_device(const Device &device)
{
    for (const auto &stream : streams().all()) {
        if (stream->device.get() == &device) {
            stream->wait_all();
        }
    }
    for (const auto &context : contexts().all()) {
        if (context->device.get() == &device) {
            context->legacy->wait_all();
        }
    }
}

} // namespace

CUDA_EXPORT CUresult cuMemGetInfo_v2(size_t *available, size_t *total)
{
    return enter("cuMemGetInfo_v2", [=] {
        require(available, "free");
        require(total, "total");
        const auto context = current_context();
        *total = memory::capacity();
        *available = *total - std::min(*total, memory::used(context->device->id));
    });
}

CUDA_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size)
{
    return enter("cuMemAlloc_v2", [=] {
        require(address, "dptr");
        const auto context = current_context();
        forbid_unsafe("cuMemAlloc_v2");
        *address = allocate(*context, size, false);
    });
}

CUDA_EXPORT CUresult cuMemAllocPitch_v2(CUdeviceptr *address, size_t *pitch, size_t width, size_t height, unsigned element)
{
    return enter("cuMemAllocPitch_v2", [=] {
        require(address, "dptr");
        require(pitch, "pPitch");
        const auto context = current_context();
        forbid_unsafe("cuMemAllocPitch_v2");
        if ((element != 4 && element != 8 && element != 16) || width > SIZE_MAX / 2 || (height != 0 && width + 511 > SIZE_MAX / height)) {
            refuse(CUDA_ERROR_INVALID_VALUE, "rows of %zu bytes, %zu of them, elements of %u", width, height, element);
        }
        *pitch = (width + 511) / 512 * 512;
        *address = allocate(*context, *pitch * height, false);
    });
}

CUDA_EXPORT CUresult cuMemFree_v2(CUdeviceptr address)
{
    return enter("cuMemFree_v2", [=] {
        const auto context = current_context_any_health();
        forbid_unsafe("cuMemFree_v2");
        if (address == 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "freeing the null address");
        }
        memory::Region region;
        if (memory::find(address, region) && region.device >= 0) {
            wait_for_device(*device_at(region.device));
            const std::string damage = memory::damage(region);
            if (!damage.empty()) {
                context->device->fail(CUDA_ERROR_ILLEGAL_ADDRESS, damage);
            }
        }
        memory::release(address);
    });
}

CUDA_EXPORT CUresult cuMemAllocHost_v2(void **address, size_t size)
{
    return enter("cuMemAllocHost_v2", [=] {
        require(address, "pp");
        current_context();
        forbid_unsafe("cuMemAllocHost_v2");
        if (size == 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "an allocation of 0 bytes");
        }
        *address = reinterpret_cast<void *>(memory::allocate_host(size));
    });
}

CUDA_EXPORT CUresult cuMemHostAlloc(void **address, size_t size, unsigned flags)
{
    return enter("cuMemHostAlloc", [=] {
        require(address, "pp");
        current_context();
        forbid_unsafe("cuMemHostAlloc");
        if (size == 0 || (flags & ~7u) != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%zu bytes with flags 0x%x", size, flags);
        }
        *address = reinterpret_cast<void *>(memory::allocate_host(size));
    });
}

CUDA_EXPORT CUresult cuMemFreeHost(void *address)
{
    return enter("cuMemFreeHost", [=] {
        const auto context = current_context_any_health();
        forbid_unsafe("cuMemFreeHost");
        wait_for_device(*context->device);
        memory::release_host(reinterpret_cast<uintptr_t>(address));
    });
}

CUDA_EXPORT CUresult cuMemHostRegister_v2(void *address, size_t size, unsigned flags)
{
    return enter("cuMemHostRegister_v2", [=] {
        current_context();
        forbid_unsafe("cuMemHostRegister_v2");
        if (address == nullptr || size == 0 || (flags & ~15u) != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%zu bytes at %p with flags 0x%x", size, address, flags);
        }
        memory::announce(reinterpret_cast<uintptr_t>(address), size);
    });
}

CUDA_EXPORT CUresult cuMemHostUnregister(void *address)
{
    return enter("cuMemHostUnregister", [=] {
        const auto context = current_context_any_health();
        forbid_unsafe("cuMemHostUnregister");
        wait_for_device(*context->device);
        memory::withdraw(reinterpret_cast<uintptr_t>(address));
    });
}

CUDA_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *device, void *host, unsigned flags)
{
    return enter("cuMemHostGetDevicePointer_v2", [=] {
        require(device, "pdptr");
        current_context();
        memory::Region region;
        if (flags != 0 || !memory::find(reinterpret_cast<uintptr_t>(host), region) || region.device != memory::kHost) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%p is no page-locked host memory", host);
        }
        *device = reinterpret_cast<uintptr_t>(host);
    });
}

CUDA_EXPORT CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *size, CUdeviceptr address)
{
    return enter("cuMemGetAddressRange_v2", [=] {
        current_context();
        memory::Region region;
        if (!memory::find(address, region) || region.device == memory::kHost) {
            refuse(CUDA_ERROR_NOT_FOUND, "%s", memory::describe(address).c_str());
        }
        if (base != nullptr) {
            *base = region.base;
        }
        if (size != nullptr) {
            *size = region.size;
        }
    });
}

CUDA_EXPORT CUresult cuPointerGetAttribute(void *data, int attribute, CUdeviceptr address)
{
    return enter("cuPointerGetAttribute", [=] {
        require(data, "data");
        current_context();
        memory::Region region;
        if (!memory::find(address, region)) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%s", memory::describe(address).c_str());
        }
        switch (attribute) {
        case 2: // MEMORY_TYPE: host 1, device 2
            *static_cast<unsigned *>(data) = region.device == memory::kHost ? 1 : 2;
            break;
        case 3: // DEVICE_POINTER
            *static_cast<CUdeviceptr *>(data) = address;
            break;
        case 4: // HOST_POINTER
            if (region.device != memory::kHost) {
                refuse(CUDA_ERROR_INVALID_VALUE, "device memory has no host pointer");
            }
            *static_cast<void **>(data) = reinterpret_cast<void *>(address);
            break;
        case 9: // DEVICE_ORDINAL
            *static_cast<int *>(data) = region.device == memory::kHost ? -2 : region.device;
            break;
        default:
            refuse(CUDA_ERROR_NOT_SUPPORTED, "the emulator has no pointer attribute %d", attribute);
        }
    });
}

CUDA_EXPORT CUresult cuMemAllocAsync(CUdeviceptr *address, size_t size, CUstream handle)
{
    return enter("cuMemAllocAsync", [=] {
        require(address, "dptr");
        const auto context = current_context();
        const auto stream = stream_of(context, handle);
        forbid_captured(*stream, "an allocation node (the emulator's graphs have none)");
        *address = allocate(*context, size, true);
    });
}

CUDA_EXPORT CUresult cuMemFreeAsync(CUdeviceptr address, CUstream handle)
{
    return enter("cuMemFreeAsync", [=] {
        const auto context = current_context();
        const auto stream = stream_of(context, handle);
        forbid_captured(*stream, "a free node (the emulator's graphs have none)");
        memory::Region region;
        if (!memory::find(address, region) || region.base != address || region.device == memory::kHost) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%s", memory::describe(address).c_str());
        }
        stream->submit({CU_GRAPH_NODE_TYPE_EMPTY, "cuMemFreeAsync",
            [address] {
                try {
                    memory::release(address);
                } catch (const Refusal &refusal) {
                    refuse(CUDA_ERROR_ILLEGAL_ADDRESS, "%s", refusal.rule.c_str());
                }
            },
            nullptr});
    });
}

CUDA_EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device)
{
    return enter("cuDeviceGetDefaultMemPool", [=] {
        require(pool, "pool_out");
        *pool = pool_of(device_at(device)->id);
    });
}

CUDA_EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t)
{
    return enter("cuMemPoolTrimTo", [=] {
        require_initialised();
        require_pool(pool);
    });
}

CUDA_EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int attribute, void *value)
{
    return enter("cuMemPoolSetAttribute", [=] {
        require_initialised();
        require_pool(pool);
        require(value, "value");
        if (attribute < 1 || attribute > 8) {
            refuse(CUDA_ERROR_INVALID_VALUE, "%d is no pool attribute", attribute);
        }
    });
}
