// "Initialization", "Version Management", "Error Handling", "Device Management" and "Peer Context Memory Access" of the driver API reference.
#include <dlfcn.h>

#include <cstring>

#include "abi/driver_functions.h"
#include "core/capture.h"
#include "core/enter.h"
#include "core/memory.h"
#include "core/profile.h"
#include "core/settings.h"
#include "driver/attributes.h"

using namespace emu;

namespace {

void copy_text(char *to, size_t room, const std::string &text)
{
    const size_t count = std::min(room - 1, text.size());
    std::memcpy(to, text.data(), count);
    to[count] = 0;
}

} // namespace

CUDA_EXPORT CUresult cuInit(unsigned flags)
{
    return enter("cuInit", [=] {
        if (flags != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "flags must be 0");
        }
        initialise();
    });
}

CUDA_EXPORT CUresult cuDriverGetVersion(int *version)
{
    return enter("cuDriverGetVersion", [=] {
        require(version, "driverVersion");
        *version = profile().driverVersion;
    });
}

CUDA_EXPORT CUresult cuGetErrorName(CUresult error, const char **text)
{
    return enter("cuGetErrorName", [=] {
        require(text, "pStr");
        *text = nullptr;
        switch (static_cast<int>(error)) {
#define CUDA_EMULATOR_CASE(name, value, sentence) \
    case value: \
        *text = #name; \
        return;
            CUDA_EMULATOR_CODES(CUDA_EMULATOR_CASE)
#undef CUDA_EMULATOR_CASE
        default:
            refuse(CUDA_ERROR_INVALID_VALUE, "%d is no CUresult", static_cast<int>(error));
        }
    });
}

CUDA_EXPORT CUresult cuGetErrorString(CUresult error, const char **text)
{
    return enter("cuGetErrorString", [=] {
        require(text, "pStr");
        *text = nullptr;
        switch (static_cast<int>(error)) {
#define CUDA_EMULATOR_CASE(name, value, sentence) \
    case value: \
        *text = sentence; \
        return;
            CUDA_EMULATOR_CODES(CUDA_EMULATOR_CASE)
#undef CUDA_EMULATOR_CASE
        default:
            refuse(CUDA_ERROR_INVALID_VALUE, "%d is no CUresult", static_cast<int>(error));
        }
    });
}

CUDA_EXPORT CUresult cuDeviceGetCount(int *count)
{
    return enter("cuDeviceGetCount", [=] {
        require_initialised();
        require(count, "count");
        *count = device_count();
    });
}

CUDA_EXPORT CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    return enter("cuDeviceGet", [=] {
        require(device, "device");
        *device = device_at(ordinal)->id;
    });
}

CUDA_EXPORT CUresult cuDeviceGetName(char *name, int length, CUdevice device)
{
    return enter("cuDeviceGetName", [=] {
        device_at(device);
        if (name == nullptr || length <= 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "no room for a name: %d bytes", length);
        }
        copy_text(name, static_cast<size_t>(length), profile().device);
    });
}

CUDA_EXPORT CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device)
{
    return enter("cuDeviceTotalMem_v2", [=] {
        require(bytes, "bytes");
        device_at(device);
        *bytes = memory::capacity();
    });
}

CUDA_EXPORT CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device)
{
    return enter("cuDeviceGetAttribute", [=] {
        require(value, "pi");
        *value = device_attribute(attribute, device_at(device)->id);
    });
}

CUDA_EXPORT CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device)
{
    return enter("cuDeviceGetUuid_v2", [=] {
        require(uuid, "uuid");
        for (int i = 0; i < 16; i++) {
            uuid->bytes[i] = static_cast<unsigned char>(0xE0 + i);
        }
        uuid->bytes[15] = static_cast<unsigned char>(device_at(device)->id);
    });
}

CUDA_EXPORT CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
    return cuDeviceGetUuid_v2(uuid, device);
}

CUDA_EXPORT CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device)
{
    return enter("cuDeviceGetPCIBusId", [=] {
        device_at(device);
        if (text == nullptr || length < 13) {
            refuse(CUDA_ERROR_INVALID_VALUE, "a PCI bus id takes 13 bytes, not %d", length);
        }
        copy_text(text, static_cast<size_t>(length), format("0000:%02X:00.0", 0x10 + device));
    });
}

CUDA_EXPORT CUresult cuDeviceGetByPCIBusId(CUdevice *device, const char *text)
{
    return enter("cuDeviceGetByPCIBusId", [=] {
        require_initialised();
        require(device, "dev");
        require(text, "pciBusId");
        for (int id = 0; id < device_count(); id++) {
            if (format("0000:%02X:00.0", 0x10 + id) == text) {
                *device = id;
                return;
            }
        }
        refuse(CUDA_ERROR_INVALID_DEVICE, "no device at '%.32s'", text);
    });
}

CUDA_EXPORT CUresult cuDeviceCanAccessPeer(int *can, CUdevice device, CUdevice peer)
{
    return enter("cuDeviceCanAccessPeer", [=] {
        require(can, "canAccessPeer");
        *can = device_at(device) != device_at(peer) && !profile().mig ? 1 : 0;
    });
}

CUDA_EXPORT CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags)
{
    return enter("cuCtxEnablePeerAccess", [=] {
        const auto own = current_context();
        const auto other = contexts().get(peer);
        if (flags != 0) {
            refuse(CUDA_ERROR_INVALID_VALUE, "flags must be 0");
        }
        if (own->device == other->device) {
            refuse(CUDA_ERROR_INVALID_DEVICE, "a device is no peer of itself");
        }
        if (profile().mig) {
            refuse(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, "slices of a partitioned card have no peers");
        }
        if (memory::is_peer(own->device->id, other->device->id)) {
            refuse(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, "device %d already reaches device %d", own->device->id, other->device->id);
        }
        memory::set_peer(own->device->id, other->device->id, true);
    });
}

CUDA_EXPORT CUresult cuCtxDisablePeerAccess(CUcontext peer)
{
    return enter("cuCtxDisablePeerAccess", [=] {
        const auto own = current_context();
        const auto other = contexts().get(peer);
        if (!memory::is_peer(own->device->id, other->device->id)) {
            refuse(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, "device %d does not reach device %d", own->device->id, other->device->id);
        }
        memory::set_peer(own->device->id, other->device->id, false);
    });
}

CUDA_EXPORT CUresult cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags, int *status)
{
    return enter("cuGetProcAddress_v2", [=] {
        require(symbol, "symbol");
        require(function, "pfn");
        (void)flags;
        *function = nullptr;
        // The newest variant that the asked version knows: here all of them are old enough.
        for (const char *suffix : {"_v3", "_v2", ""}) {
            const std::string name = symbol + std::string(suffix);
            if (*function == nullptr && name.rfind("cu", 0) == 0 && version <= profile().driverVersion) {
                Dl_info own{};
                dladdr(reinterpret_cast<const void *>(&cuInit), &own);
                void *library = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD);
                *function = library != nullptr ? dlsym(library, name.c_str()) : nullptr;
                if (library != nullptr) {
                    dlclose(library);
                }
            }
        }
        if (status != nullptr) {
            *status = *function != nullptr ? 0 : 1; // CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND
        }
        if (*function == nullptr) {
            refuse(CUDA_ERROR_NOT_FOUND, "no '%.64s' for version %d", symbol, version);
        }
    });
}

/// What no real driver exports: commands for the emulator (README). 0, or 1 with a sentence in the last refusal.
CUDA_EXPORT int cudaEmulatorControl(const char *commands)
{
    return enter("cudaEmulatorControl", [=] {
        require(commands, "commands");
        control(commands);
    });
}

/// The sentence of the last refused call or device fault of this process; its length.
CUDA_EXPORT size_t cudaEmulatorLastRefusal(char *text, size_t room)
{
    const std::string sentence = last_refusal();
    if (text != nullptr && room > 0) {
        copy_text(text, room, sentence);
    }
    return sentence.size();
}

/// Calls by function, as JSON; its length.
CUDA_EXPORT size_t cudaEmulatorReport(char *text, size_t room)
{
    const std::string report = faults::report();
    if (text != nullptr && room > 0) {
        copy_text(text, room, report);
    }
    return report.size();
}
