// The NVML API reference: "Initialization and Cleanup", "System Queries", "Device Queries", "Multi Instance GPU Management".
#include <algorithm>
#include <atomic>
#include <cstring>

#include "abi/nvml.h"
#include "core/enter.h"
#include "core/memory.h"
#include "core/profile.h"

using namespace emu;

namespace {

constexpr uintptr_t kFirst = uintptr_t{28} << 40; ///< handles lie in no mapped page
std::atomic<int> g_opened{0};

template <class Body>
nvmlReturn_t enter_nvml(const char *function, Body body) noexcept
{
    return static_cast<nvmlReturn_t>(enter(function, [&] {
        if (g_opened <= 0) {
            refuse(NVML_ERROR_UNINITIALIZED, "nvmlInit_v2 was not called");
        }
        body();
    }));
}

void require_room(const void *pointer)
{
    if (pointer == nullptr) {
        refuse(NVML_ERROR_INVALID_ARGUMENT, "an out-parameter is null");
    }
}

int index_of(nvmlDevice_t handle)
{
    const uintptr_t value = reinterpret_cast<uintptr_t>(handle);
    if (value < kFirst || value % 16 != 0 || (value - kFirst) / 16 >= static_cast<uintptr_t>(device_total())) {
        refuse(NVML_ERROR_INVALID_ARGUMENT, "no such device");
    }
    return static_cast<int>((value - kFirst) / 16);
}

nvmlDevice_t handle_of(int index)
{
    return reinterpret_cast<nvmlDevice_t>(kFirst + 16 * static_cast<uintptr_t>(index));
}

void give_text(char *to, unsigned room, const std::string &text)
{
    require_room(to);
    if (room <= text.size()) {
        refuse(NVML_ERROR_INSUFFICIENT_SIZE, "'%s' takes %zu bytes, there are %u", text.c_str(), text.size() + 1, room);
    }
    std::memcpy(to, text.c_str(), text.size() + 1);
}

std::string uuid_of(int index)
{
    return format("%s-e0e1e2e3-e4e5-e6e7-e8e9-eaebecedee%02x", profile().mig ? "MIG" : "GPU", index);
}

} // namespace

CUDA_EXPORT nvmlReturn_t nvmlInit_v2()
{
    return static_cast<nvmlReturn_t>(enter("nvmlInit_v2", [] { g_opened++; }));
}

CUDA_EXPORT nvmlReturn_t nvmlInitWithFlags(unsigned)
{
    return nvmlInit_v2();
}

CUDA_EXPORT nvmlReturn_t nvmlShutdown()
{
    return enter_nvml("nvmlShutdown", [] { g_opened--; });
}

CUDA_EXPORT const char *nvmlErrorString(nvmlReturn_t result)
{
    switch (static_cast<int>(result)) {
    case NVML_SUCCESS: return "Success";
    case NVML_ERROR_UNINITIALIZED: return "Uninitialized";
    case NVML_ERROR_INVALID_ARGUMENT: return "Invalid Argument";
    case NVML_ERROR_NOT_SUPPORTED: return "Not Supported";
    case NVML_ERROR_NOT_FOUND: return "Not Found";
    case NVML_ERROR_INSUFFICIENT_SIZE: return "Insufficient Size";
    case NVML_ERROR_DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case NVML_ERROR_GPU_IS_LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}

CUDA_EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length)
{
    return enter_nvml("nvmlSystemGetDriverVersion", [=] { give_text(version, length, profile().driver); });
}

CUDA_EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned length)
{
    return enter_nvml("nvmlSystemGetNVMLVersion", [=] { give_text(version, length, std::string("12.") + profile().driver); });
}

CUDA_EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    return enter_nvml("nvmlSystemGetCudaDriverVersion_v2", [=] {
        require_room(version);
        *version = profile().driverVersion;
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count)
{
    return enter_nvml("nvmlDeviceGetCount_v2", [=] {
        require_room(count);
        *count = static_cast<unsigned>(device_total());
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device)
{
    return enter_nvml("nvmlDeviceGetHandleByIndex_v2", [=] {
        require_room(device);
        if (index >= static_cast<unsigned>(device_total())) {
            refuse(NVML_ERROR_INVALID_ARGUMENT, "device %u of %d", index, device_total());
        }
        *device = handle_of(static_cast<int>(index));
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *device)
{
    return enter_nvml("nvmlDeviceGetHandleByPciBusId_v2", [=] {
        require_room(id);
        require_room(device);
        // Both widths of the domain are in use: 0000:10:00.0 and 00000000:10:00.0.
        const std::string text = id;
        const size_t colon = text.find(':');
        for (int i = 0; i < device_total() && colon != std::string::npos; i++) {
            if (text.substr(colon) == format(":%02X:00.0", 0x10 + i)) {
                *device = handle_of(i);
                return;
            }
        }
        refuse(NVML_ERROR_NOT_FOUND, "no device at '%.40s'", id);
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device)
{
    return enter_nvml("nvmlDeviceGetHandleByUUID", [=] {
        require_room(uuid);
        require_room(device);
        for (int i = 0; i < device_total(); i++) {
            if (uuid_of(i) == uuid) {
                *device = handle_of(i);
                return;
            }
        }
        refuse(NVML_ERROR_NOT_FOUND, "no device '%.60s'", uuid);
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned *index)
{
    return enter_nvml("nvmlDeviceGetIndex", [=] {
        require_room(index);
        *index = static_cast<unsigned>(index_of(device));
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length)
{
    return enter_nvml("nvmlDeviceGetName", [=] {
        index_of(device);
        give_text(name, length, profile().device);
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length)
{
    return enter_nvml("nvmlDeviceGetUUID", [=] { give_text(uuid, length, uuid_of(index_of(device))); });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
{
    return enter_nvml("nvmlDeviceGetMemoryInfo", [=] {
        require_room(memory);
        const int index = index_of(device);
        const size_t total = memory::capacity(), used = std::min(total, memory::used(index));
        *memory = {total, total - used, used};
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor)
{
    return enter_nvml("nvmlDeviceGetCudaComputeCapability", [=] {
        require_room(major);
        require_room(minor);
        index_of(device);
        *major = profile().major;
        *minor = profile().minor;
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *current, unsigned *pending)
{
    return enter_nvml("nvmlDeviceGetMigMode", [=] {
        require_room(current);
        require_room(pending);
        index_of(device);
        *current = *pending = profile().mig ? 1 : 0;
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned link, int *active)
{
    return enter_nvml("nvmlDeviceGetNvLinkState", [=] {
        require_room(active);
        index_of(device);
        if (profile().mig || link >= 18) {
            refuse(profile().mig ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_INVALID_ARGUMENT, "link %u", link);
        }
        *active = 1;
    });
}

CUDA_EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *info)
{
    return enter_nvml("nvmlDeviceGetPciInfo_v3", [=] {
        require_room(info);
        const int index = index_of(device);
        *info = {};
        info->bus = static_cast<unsigned>(0x10 + index);
        const std::string shortId = format("0000:%02X:00.0", 0x10 + index), longId = format("00000000:%02X:00.0", 0x10 + index);
        std::memcpy(info->busIdLegacy, shortId.c_str(), shortId.size() + 1);
        std::memcpy(info->busId, longId.c_str(), longId.size() + 1);
    });
}
